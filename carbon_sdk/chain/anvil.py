"""The embedded chain: anvil, found on this machine, its state kept in a folder, stopped with its parent."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import orjson

from carbon_sdk.chain.endpoint import HttpEndpoint
from carbon_sdk.errors import AnvilFailed, AnvilNotFound, CarbonError

VARIABLE = "CARBON_ANVIL"
HARDFORK = "prague"
CHAIN_ID = 31337
MNEMONIC = "test test test test test test test test test test test junk"
"""anvil's own; its accounts are known to everybody and worth nothing anywhere else."""
_PROCESSORS = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_SYSTEMS = {"linux": "linux", "darwin": "darwin", "win32": "win32"}
_PR_SET_PDEATHSIG = 1
_STATES = "carbon-anvil-"


def find_anvil() -> Path:
    """The native program: from the environment, the project around the working folder or this package, or the path.

    npm's wrapper in `node_modules/.bin` is passed over: killing it would leave its child.

    Raises:
        AnvilNotFound: It is nowhere; the message says how to get it.
    """
    if named := os.environ.get(VARIABLE):
        if os.access(named, os.X_OK) and Path(named).is_file():
            return Path(named)
        raise AnvilNotFound(f"{VARIABLE} is {named}, which is no program. Correct it or unset it.")
    for candidate in _candidates():
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return candidate
    found = shutil.which("anvil")
    if found and ".bin" not in Path(found).parts:
        return Path(found)
    raise AnvilNotFound(
        "anvil, the embedded chain, is not on this machine. Run `npm install @foundry-rs/anvil` in this folder or "
        f"`make setup` in the project, or set {VARIABLE} to the program, or give --rpc with the address of a chain."
    )


def _candidates() -> Iterator[Path]:
    system, processor = _SYSTEMS.get(sys.platform, sys.platform), _PROCESSORS.get(platform.machine().lower(), "")
    suffix = ".exe" if sys.platform == "win32" else ""
    package = Path("node_modules") / "@foundry-rs" / f"anvil-{system}-{processor}" / "bin" / f"anvil{suffix}"
    here = Path.cwd()
    for folder in dict.fromkeys((here, *here.parents, *Path(__file__).resolve().parents)):
        yield folder / ".build" / "bin" / f"anvil{suffix}"
        yield folder / package


class _Birth(NamedTuple):
    """When a chain began, and by whose clock it lives."""

    timestamp: int
    own_clock: bool
    is_new: bool


class Anvil:
    """A running local chain. Use it in a `with` statement, or call `stop()`.

    Args:
        folder: Where its state is kept from run to run; None keeps none. If another process runs the chain of this
            folder, this object leads to that one and does not stop it.
        port: To listen on at 127.0.0.1; 0 takes a free one.
        options: Further arguments for anvil, such as `--fork-url` and an address.
        chain_id: EIP-155 number.
        timestamp: Unix seconds of the first block, from where the chain's clock goes on, from run to run; None: the
            chain has the machine's clock. Of a folder that has a chain, its own counts.

    Raises:
        AnvilNotFound: There is no anvil.
        AnvilFailed: It did not start; the message has its last words.
    """

    def __init__(
        self,
        folder: str | Path | None = None,
        *,
        port: int = 0,
        options: tuple[str, ...] = (),
        chain_id: int = CHAIN_ID,
        timestamp: int | None = None,
    ) -> None:
        self.folder = Path(folder) if folder is not None else None
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None
        self._log: Path | None = None
        self._states: Path | None = None
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)
            if attached := self._attach():
                self.url = attached
                return
        self.url = self._start(port, options, chain_id, timestamp)

    @property
    def is_owner(self) -> bool:
        """Whether this object started it and will stop it."""
        return self._process is not None

    def stop(self) -> None:
        """Stop it, and wait until its state is written. Does nothing if another process runs it."""
        process, self._process = self._process, None
        if process is None:
            return
        atexit.unregister(self.stop)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)  # only then does it write its state
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._clear_up()

    def _clear_up(self) -> None:
        """What it leaves behind when it has ended, and the folder to whoever wants it next."""
        if self._states:
            shutil.rmtree(self._states, ignore_errors=True)
        if self.folder:
            (self.folder / "running.json").unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Anvil:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"Anvil({self.url!r}, folder={self.folder})"

    def _attach(self) -> str | None:
        """Take the folder for ourselves; if another process has it, the URL of its chain."""
        import fcntl

        assert self.folder is not None  # noqa: S101 -- callers look first
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        for _ in range(200):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._lock = lock
                return None
            except OSError:
                with contextlib.suppress(OSError, ValueError, KeyError, CarbonError):
                    running = orjson.loads((self.folder / "running.json").read_bytes())
                    url = str(running["url"])
                    os.kill(int(running["owner"]), 0)  # without its owner it is about to write its state and end
                    HttpEndpoint(url, timeout=5).request("eth_chainId")
                    os.close(lock)
                    return url
            time.sleep(0.05)
        raise AnvilFailed(
            f"Another process holds {self.folder} but its chain does not answer. End it or use another folder."
        )

    def _start(self, port: int, options: tuple[str, ...], chain_id: int, timestamp: int | None) -> str:
        program = find_anvil()
        port = port or _free_port()
        arguments = [str(program), "--host", "127.0.0.1", "--port", str(port), "--hardfork", HARDFORK]
        arguments += ["--chain-id", str(chain_id), "--mnemonic", MNEMONIC]
        birth = self._birth(timestamp)
        if birth is not None:
            arguments += ["--timestamp", str(birth.timestamp)]
        self._states = self._place_of_states()
        arguments += ["--cache-path", str(self._states)]
        if self.folder:
            arguments += ["--state", str(self.folder / "state.json")]
            self._log = self.folder / "anvil.log"
        else:
            arguments += ["--silent"]
        url = f"http://127.0.0.1:{port}"
        with Path(self._log or os.devnull).open("wb") as log:
            self._process = subprocess.Popen(
                [*arguments, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log if self._log else subprocess.PIPE,
                preexec_fn=_die_with_parent(os.getpid()),  # noqa: PLW1509 -- it calls prctl and getppid only
                start_new_session=True,  # an interrupt at the keyboard is the parent's to handle
                pass_fds=(self._lock,) if self._lock is not None else (),  # held until the state is written
            )
        atexit.register(self.stop)
        self._await_answer(url)
        if birth is not None and not birth.is_new:
            self._resume_clock(url, birth)
        if self.folder:
            running = orjson.dumps({"owner": os.getpid(), "pid": self._process.pid, "url": url})
            (self.folder / "running.json").write_bytes(running)
        return url

    def _place_of_states(self) -> Path:
        """Where anvil keeps the states of past blocks, some 200 KB each: it never removes them, so that we have to.

        The folder's own, or one for this process; those that killed processes left are removed.
        """
        if self.folder:
            states = self.folder / "states"
            shutil.rmtree(states, ignore_errors=True)
            return states
        for left in Path(tempfile.gettempdir()).glob(f"{_STATES}*"):
            owner = left.name.removeprefix(_STATES).partition("-")[0]
            if owner.isdecimal() and not _is_running(int(owner)):
                shutil.rmtree(left, ignore_errors=True)
        return Path(tempfile.mkdtemp(prefix=f"{_STATES}{os.getpid()}-"))

    def _birth(self, timestamp: int | None) -> _Birth | None:
        """When the folder's chain began. Started again, anvil has to be told: else it makes another first block."""
        if self.folder is None:
            return None if timestamp is None else _Birth(timestamp, own_clock=True, is_new=True)
        known = self.folder / "birth.json"
        if known.exists() and (self.folder / "state.json").exists():
            content = orjson.loads(known.read_bytes())
            return _Birth(int(content["timestamp"]), own_clock=bool(content["own_clock"]), is_new=False)
        birth = _Birth(int(time.time()) if timestamp is None else timestamp, timestamp is not None, is_new=True)
        known.write_bytes(orjson.dumps({"timestamp": birth.timestamp, "own_clock": birth.own_clock}))
        return birth

    def _resume_clock(self, url: str, birth: _Birth) -> None:
        """Anvil's clock begins again with the first block: set it to where the chain, or the machine, has come."""
        endpoint = HttpEndpoint(url, timeout=30)
        newest = int(endpoint.request("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        endpoint.request("evm_setTime", newest + 1 if birth.own_clock else max(newest + 1, int(time.time())))
        endpoint.close()

    def _await_answer(self, url: str) -> None:
        assert self._process is not None  # noqa: S101 -- just started
        endpoint = HttpEndpoint(url, timeout=30)
        deadline = time.monotonic() + 60
        while True:
            try:
                endpoint.request("eth_chainId")
                endpoint.close()
                return
            except CarbonError:
                if self._process.poll() is not None:
                    words = self._last_words()
                    self._process = None
                    atexit.unregister(self.stop)
                    self._clear_up()
                    raise AnvilFailed(f"anvil did not start: {words or 'it said nothing'}.") from None
                if time.monotonic() > deadline:
                    self.stop()
                    raise AnvilFailed(f"anvil does not answer at {url} within 60 s.") from None
            time.sleep(0.01)

    def _last_words(self) -> str:
        if self._log:
            text = self._log.read_text(errors="replace")
        else:
            assert self._process is not None and self._process.stderr is not None  # noqa: S101, PT018 -- piped above
            text = self._process.stderr.read().decode(errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        errors = [line for line in lines if line.lower().startswith("error")]
        return (errors or lines or [""])[-1].rstrip(".")


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    """Linux tells the child when its parent is gone, however it went; elsewhere `atexit` has to do."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
