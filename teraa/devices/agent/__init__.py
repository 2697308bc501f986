"""The agent: the only code that touches hardware. It runs where the printers are, without Django.

python -m teraa.devices.agent --config agent.toml
"""
