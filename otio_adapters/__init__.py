"""What any OTIO program can use of rushes: versions in a timeline, a media linker, timelines put in order.

Imports only opentimelineio and the standard library. Installed with rushes it registers itself; the folder alone works
too: `OTIO_PLUGIN_MANIFEST_PATH=…/otio_adapters/plugin_manifest.json`.
"""
