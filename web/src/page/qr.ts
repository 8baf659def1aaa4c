/** A link for paper: black on white, whatever the page's colours. */
import encodeQR from 'qr';

const SVG = 'http://www.w3.org/2000/svg';
/** Modules around the code that stay white. */
const QUIET = 4;

export function qr(text: string): SVGElement {
  const modules = encodeQR(text, 'raw', { ecc: 'medium', border: QUIET });
  const side = modules.length;
  const element = (name: string, attributes: Record<string, string>) => {
    const one = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
    return one;
  };
  const path = modules.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x} ${y}h1v1h-1z`] : []))).join('');
  const svg = element('svg', { viewBox: `0 0 ${side} ${side}`, class: 'qr', role: 'img', 'aria-label': `QR code of ${text}`, 'shape-rendering': 'crispEdges' });
  svg.append(element('rect', { width: String(side), height: String(side), fill: '#fff' }), element('path', { d: path, fill: '#000' }));
  return svg;
}
