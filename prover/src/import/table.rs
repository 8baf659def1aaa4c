//! The report as a plain text table.

use super::report::{ImportReport, LayerReport};
use std::fmt::Write;

impl ImportReport {
    /// One line per layer and a summary.
    pub fn to_table(&self) -> String {
        let names = self.layers.iter().map(|layer| layer.node.chars().count());
        let width = names.max().unwrap_or(0).max(4);
        let mut text = String::new();
        // Writing to a String cannot fail.
        for change in &self.changes {
            let _ = writeln!(text, "{}: {}", change.subject, change.what);
        }
        let _ = write!(
            text,
            "{:<24} {:<width$} {:>12} {:>19} {:>9} {:>4} {:>15} {:>15} {:>9} {:>7}",
            "layer", "node", "shape", "float range", "scale", "zero", "multiplier", "worst q", "max error", "SQNR dB"
        );
        text.push_str(if self.quantised {
            "   mean max difference\n"
        } else {
            "\n"
        });
        for layer in &self.layers {
            text.push_str(&layer.to_line(width));
            if self.quantised {
                let _ = match layer.difference {
                    Some(difference) => write!(text, " {:>6.4} {:>3}", difference.mean, difference.max),
                    None => write!(text, " {:>6} {:>3}", "-", "-"),
                };
            }
            text.push('\n');
        }
        let _ = write!(
            text,
            "{} parameters, {} activations; ",
            self.parameters, self.activations
        );
        let (same, of) = match self.same_top5 {
            Some(same) => ("five classes", same),
            None => ("class", self.same_top1),
        };
        let _ = match (self.quantised, self.calibration_images) {
            (true, 0) => writeln!(
                text,
                "scales are the file's; without --calibration nothing was compared"
            ),
            (true, images) => writeln!(
                text,
                "scales are the file's; the same {same} as its own integers on {of} of {images} calibration images"
            ),
            (false, images) => writeln!(
                text,
                "the same {same} as the float network on {of} of {images} calibration images"
            ),
        };
        text
    }
}

impl LayerReport {
    fn to_line(&self, width: usize) -> String {
        let [c, h, w] = self.shape;
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let range = self.float_min.zip(self.float_max);
        let multipliers = self.multiplier_min.zip(self.multiplier_max);
        format!(
            "{:<24} {:<width$} {:>12} {:>19} {:>9.3e} {:>4} {:>15} {:>15} {:>9.3e} {:>7}",
            self.name,
            self.node,
            format!("{c}x{h}x{w}"),
            or_none(range.map(|(min, max)| format!("{min:.3}..{max:.3}"))),
            self.scale,
            self.zero,
            or_none(multipliers.map(|(min, max)| format!("{min}..{max}"))),
            format!("{}..{}", self.q_min, self.q_max),
            self.max_abs_error,
            or_none(self.sqnr_db.map(|db| format!("{db:.1}"))),
        )
    }
}
