"""The sample's own small diffusion model: how it was trained, and the checkpoint."""
