"""Fuzz targets guided by coverage: `python -m tests.fuzz [--seconds N] [--keep] [target…]`.

Needs atheris, which has wheels for Linux only and so is not in requirements/dev.txt: `make fuzz` installs it.
Its results are under build/fuzz/<target>/: `found/` (inputs with new coverage) and `crash-…`
(inputs that fail the target). `--keep` adds inputs with coverage that no other case has to the corpus.
"""

# ruff: noqa: T201 - a command-line program

from __future__ import annotations

import argparse
import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.fuzz.corpus import CORPUS, entries, keep
from tests.fuzz.tokens import TOKENS
from tests.fuzz.ways import worth_keeping

BUILD = Path(__file__).parents[2] / "build" / "fuzz"
LONGEST = 4096  # bytes of an input
SLOWEST = 20  # seconds for one input; above, it counts as a finding
MEMORY = 1024  # MB, likewise


def main() -> int:
    """Fuzz each target in a separate process, because libFuzzer ends its process."""
    options = _options()
    if importlib.util.find_spec("atheris") is None:
        print(
            "atheris is needed: make fuzz, or pip install --require-hashes -r requirements/fuzz.lock",
            file=sys.stderr,
        )
        return 1
    if options.inside:
        _fuzz(options.inside, options.arguments)
    targets = options.arguments or list(TOKENS)
    failed = [target for target in targets if options.seconds and _run(target, options.seconds)]
    for target in targets if options.keep else ():
        _keep_worthy(target)
    print(f"findings: {', '.join(failed)}; see {BUILD}" if failed else "no findings")
    return bool(failed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60); 0: only --keep")
    parser.add_argument("--keep", action="store_true", help="add what was found to the corpus, minimised")
    parser.add_argument("--inside", metavar="TARGET", help=argparse.SUPPRESS)
    parser.add_argument("arguments", metavar="target", nargs="*", help=f"of {', '.join(TOKENS)} (all)")
    options = parser.parse_args()
    if not options.inside and (unknown := sorted(set(options.arguments) - set(TOKENS))):
        parser.error(f"no such target: {', '.join(unknown)}; there are {', '.join(TOKENS)}")
    return options


def _fuzz(target: str, arguments: list[str]) -> None:
    """Hand this process over to libFuzzer."""
    atheris: Any = importlib.import_module("atheris")
    atheris.enabled_hooks.add("str")
    with atheris.instrument_imports(include=["functions", "shared"]):
        targets = importlib.import_module("tests.fuzz.targets")
    atheris.Setup([sys.argv[0], *arguments], targets.TARGETS[target])
    atheris.Fuzz()


def _run(target: str, seconds: int) -> int:
    """Fuzz one target; returns libFuzzer's exit status, 0 if nothing was found."""
    found, words = _found(target), BUILD / target / "words"
    words.write_text("".join(f'"{_escaped(token)}"\n' for token in TOKENS[target]))
    print(f"{target}: {seconds} s", flush=True)
    return _libfuzzer(
        target,
        f"-max_total_time={seconds}",
        f"-dict={words}",
        f"-artifact_prefix={BUILD / target}/",
        "-use_value_profile=1",
        "-verbosity=0",
        "-print_final_stats=1",
        str(found),
        str(CORPUS / target),
    )


def _keep_worthy(target: str) -> None:
    """Add inputs with new coverage to the corpus."""
    from tests.fuzz.targets import TARGETS  # not at the top: atheris must instrument the import

    kept = [path.read_bytes() for path in entries(target)]
    worth = worth_keeping(TARGETS[target], kept, [path.read_bytes() for path in _found(target).iterdir()])
    for data in worth:
        keep(target, data)
    print(f"{target}: {len(kept)} cases and {len(worth)} more")


def _found(target: str) -> Path:
    """Return the folder in which libFuzzer keeps its inputs between runs."""
    folder = BUILD / target / "found"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _libfuzzer(target: str, *arguments: str) -> int:
    common = (f"-max_len={LONGEST}", f"-timeout={SLOWEST}", f"-rss_limit_mb={MEMORY}")
    command = [sys.executable, "-m", "tests.fuzz", f"--inside={target}", "--", *common, *arguments]
    return subprocess.run(command, check=False).returncode


def _escaped(token: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in token)


if __name__ == "__main__":
    sys.exit(main())
