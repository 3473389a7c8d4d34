"""Start one emulator: `python -m api.providers.emulate MODULE:CLASS --port N --api-url http://…:6010`."""

import argparse
import asyncio
import importlib
import signal

from api.providers.emulation import Emulator


async def run_until_stopped(emulator: Emulator, host: str, port: int) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server = await emulator.start(host, port)
    print(f"{emulator.display_name} emulator: {emulator.address}", flush=True)  # noqa: T201 - for whoever started it
    await stopped.wait()
    await server.close()
    await emulator.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m api.providers.emulate", description=__doc__)
    parser.add_argument("emulator", metavar="MODULE:CLASS")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port; 0 takes a free one (default: %(default)s)")
    parser.add_argument("--api-url", required=True, help="address of the API, which gets receipts")
    given = parser.parse_args()
    module, _, name = given.emulator.partition(":")
    emulator_class: type[Emulator] = getattr(importlib.import_module(module), name)
    asyncio.run(run_until_stopped(emulator_class(given.api_url), given.host, given.port))


if __name__ == "__main__":
    main()
