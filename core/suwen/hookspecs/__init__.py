"""The public contract of the extension registry.

One module per capability family. Each holds a hook that *registers* typed objects, the Protocol
those objects follow, and the frozen dataclasses that travel between core and plugin. Nothing here
imports the program, so a plugin author can read these files alone.
"""
