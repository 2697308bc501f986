"""Run the agent until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from pathlib import Path

import structlog

from teraa.devices.agent.config import ConfigError, load_config


def set_up_logs() -> None:
    """One line an event on standard output: time, level, words, key=value."""
    logging.basicConfig(level=logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )


def main() -> int:
    """Return 0 after an asked-for end, 2 when the configuration is wrong."""
    parser = argparse.ArgumentParser(prog="teraa.devices.agent", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the agent's TOML file")
    options = parser.parse_args()
    set_up_logs()
    # After the logs: the printer library would set up the root logger itself.
    from teraa.devices.agent.loop import Agent, alone

    try:
        config = load_config(options.config)
        config.trust()
        with alone(config.state_dir):
            agent = Agent(config)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: agent.stop())
            agent.run()
    except ConfigError as error:
        print(f"agent: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    # A writer may still wait for a printer; its thread must not hold the end up.
    os._exit(status)
