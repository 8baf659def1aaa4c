"""Keys, one proof, its verification and its Solidity verifier by ezkl; the last line of stdout is one JSON object.

Usage: ezkl_proof.py MODEL.onnx FOLDER

Input and weights are private, outputs public, as by default: nothing is committed to. Calibrated for resources, as its documentation
suggests first. Its reference string is made here, as ours is.
"""

import asyncio
import inspect
import json
import os
import pathlib
import resource
import sys
import time

import ezkl
import numpy as np
import onnx


def done(work):
    """Some functions are coroutines in one release and not in another, and what is one wants a loop that runs when it is called."""
    async def wait():
        result = work()
        return await result if inspect.isawaitable(result) else result
    result = asyncio.run(wait())
    if result is False:
        raise SystemExit("ezkl says no")
    return result


class Clock:
    def __init__(self):
        self.seconds, self.cpu = {}, {}

    def run(self, name, work):
        wall, cpu = time.monotonic(), sum(os.times()[:2])
        result = done(work)
        self.seconds[name] = time.monotonic() - wall
        self.cpu[name] = sum(os.times()[:2]) - cpu
        print(f"{name}: {self.seconds[name]:.1f} s", file=sys.stderr)
        return result


def write_verifier(clock, file):
    """The source is there before ezkl loads a compiler for its interface, which nobody here needs and which may be out of reach."""
    try:
        clock.run("solidity", lambda: ezkl.create_evm_verifier(
            file["vk"], file["settings.json"], file["verifier.sol"], file["verifier.abi"], file["srs"]))
    except RuntimeError as error:
        if "svm" not in str(error) or not os.path.isfile(file["verifier.sol"]):
            raise


def main(model, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    file = {name: str(folder / name) for name in (
        "settings.json", "input.json", "circuit", "srs", "pk", "vk", "witness.json", "proof.json", "verifier.sol",
        "verifier.abi", "calldata")}
    shape = [d.dim_value for d in onnx.load(model).graph.input[0].type.tensor_type.shape.dim]
    image = np.random.default_rng(7).integers(0, 256, shape) / 255
    pathlib.Path(file["input.json"]).write_text(json.dumps({"input_data": [image.flatten().tolist()]}))

    clock = Clock()
    arguments = ezkl.PyRunArgs()
    arguments.input_visibility, arguments.param_visibility, arguments.output_visibility = "private", "private", "public"
    clock.run("settings", lambda: ezkl.gen_settings(model, file["settings.json"], arguments))
    clock.run("calibrate", lambda: ezkl.calibrate_settings(file["input.json"], model, file["settings.json"], "resources"))
    clock.run("compile", lambda: ezkl.compile_circuit(model, file["circuit"], file["settings.json"]))
    settings = json.loads(pathlib.Path(file["settings.json"]).read_text())
    rows = settings["run_args"]["logrows"]
    clock.run("srs", lambda: ezkl.gen_srs(file["srs"], rows))
    clock.run("setup", lambda: ezkl.setup(file["circuit"], file["vk"], file["pk"], file["srs"]))
    clock.run("witness", lambda: ezkl.gen_witness(file["input.json"], file["circuit"], file["witness.json"]))
    clock.run("prove", lambda: ezkl.prove(file["witness.json"], file["circuit"], file["pk"], file["proof.json"], file["srs"]))
    clock.run("verify", lambda: ezkl.verify(file["proof.json"], file["settings.json"], file["vk"], file["srs"]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    write_verifier(clock, file)
    clock.run("calldata", lambda: ezkl.encode_evm_calldata(file["proof.json"], file["calldata"]))
    proof = json.loads(pathlib.Path(file["proof.json"]).read_text())
    print(json.dumps({
        "version": ezkl.__version__ if hasattr(ezkl, "__version__") else ezkl.version(),
        "k": rows,
        "setup_s": clock.seconds["setup"],
        "prove_s": clock.seconds["witness"] + clock.seconds["prove"],
        "cpu_s": clock.cpu["witness"] + clock.cpu["prove"],
        "verify_ms": 1e3 * clock.seconds["verify"],
        "peak_rss_bytes": peak,
        "proof_bytes": (len(proof["hex_proof"]) - 2) // 2,
        "solidity": file["verifier.sol"],
        "calldata": file["calldata"],
    }))


if __name__ == "__main__":
    main(*sys.argv[1:])
