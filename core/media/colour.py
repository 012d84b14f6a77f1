"""[PyOpenColorIO] From one colour space to another, on the processor, in float32."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.errors import MediaError
from core.files import canonical_json, one_line, sha256_bytes, sha256_file
from core.media.info import SRGB, Alpha

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.float32]

Precision = Literal["exact", "fast"]


@dataclass(frozen=True, slots=True)
class Viewing:
    """How a picture is brought before the eye, in the order it is applied. Nothing set: as `Colour.view` has it."""

    exposure: float = 0.0
    """Stops, in scene-linear light."""
    cdl: tuple[float, ...] = ()
    """ASC CDL: slope, offset and power (RGB each), saturation; empty for none."""
    cdl_space: str = "ACEScct"
    """The space that the CDL's numbers are meant in."""
    display: str = ""
    """A display of the config and a view of it; one alone takes the config's default for the other, neither: sRGB."""
    view: str = ""
    lut: str = ""
    """A LUT file, applied to what the display gets."""


class Colour:
    """One colour config and its processors, made once per pair of spaces. Each thread has its own.

    Raises:
        MediaError: the config cannot be read.
    """

    def __init__(self, config: str) -> None:
        """`config`: a path or an `ocio://` name of a config that ships with OpenColorIO."""
        import PyOpenColorIO as ocio  # noqa: N813

        self.name = config
        try:
            self._config = ocio.Config.CreateFromFile(config)
        except (ocio.Exception, ocio.ExceptionMissingFile) as error:
            raise MediaError(
                f"The colour config cannot be read: {one_line(str(error))}", where=one_line(config),
                todo="Check `colour.config` in rushes.toml.",
            ) from error  # fmt: skip
        self._processors: dict[tuple[str, str, Precision], Any] = {}
        self._viewings = lru_cache(maxsize=64)(self._viewing)

    @cached_property
    def digest(self) -> str:
        """Over what the config says and the bytes of every file it reads (LUTs), wherever they lie.

        Not OpenColorIO's own cache id: that knows such a file by its inode, so an edit in place goes unseen and a copy
        on another machine looks changed.
        """
        config = self._config
        context = config.getCurrentContext()
        said = {name: context.resolveStringVar(f"${{{name}}}") for name in config.getEnvironmentVarNames()}
        files = {src: self._file_digest(src) for src in sorted(self._files())}
        return sha256_bytes(canonical_json([config.serialize(), said, files]).encode())

    def _files(self) -> set[str]:
        """The files that the config's transforms name, as it names them."""
        import PyOpenColorIO as ocio  # noqa: N813

        config = self._config
        spaces = config.getColorSpaces(ocio.SEARCH_REFERENCE_SPACE_ALL, ocio.COLORSPACE_ALL)
        directions = (ocio.COLORSPACE_DIR_TO_REFERENCE, ocio.COLORSPACE_DIR_FROM_REFERENCE)
        todo = [space.getTransform(way) for space in spaces for way in directions]
        ways = (ocio.VIEWTRANSFORM_DIR_TO_REFERENCE, ocio.VIEWTRANSFORM_DIR_FROM_REFERENCE)
        todo += [view.getTransform(way) for view in config.getViewTransforms() for way in ways]
        forms = (ocio.TRANSFORM_DIR_FORWARD, ocio.TRANSFORM_DIR_INVERSE)
        todo += [named.getTransform(way) for named in config.getNamedTransforms() for way in forms]
        for look in config.getLooks():
            todo += [look.getTransform(), look.getInverseTransform()]
        found = set()
        while todo:
            transform = todo.pop()
            if isinstance(transform, ocio.GroupTransform):
                todo += list(transform)
            elif isinstance(transform, ocio.FileTransform):
                found.add(transform.getSrc())
        return found

    def _file_digest(self, src: str) -> str:
        """Empty where it is missing: a conversion that needs it says so. An archive's files are the archive's bytes."""
        import PyOpenColorIO as ocio  # noqa: N813

        if Path(self.name).suffix == ".ocioz":
            return sha256_file(Path(self.name))
        try:
            return sha256_file(Path(self._config.getCurrentContext().resolveFileLocation(src)))
        except (ocio.Exception, ocio.ExceptionMissingFile, OSError):
            return ""

    @property
    def names(self) -> tuple[str, ...]:
        """The colour spaces of the config, in its order. Aliases and roles are understood too."""
        return tuple(self._config.getColorSpaceNames())

    def has(self, name: str) -> bool:
        return self._config.getColorSpace(name) is not None

    def require(self, name: str, where: str = "") -> None:
        """Raises MediaError, with the names that come close, where the config has no such space."""
        if self.has(name):
            return
        close = difflib.get_close_matches(name, self.names, 4, 0.4)
        raise MediaError(
            f"The colour config has no space {one_line(name)!r}.", where=one_line(where),
            todo=f"Close to it: {', '.join(close) or ', '.join(self.names)}.",
        )  # fmt: skip

    def convert(self, picture: Picture, src: str, dst: str) -> Picture:
        """Convert (…, H, W, 1, 3 or 4) float32 from a space to another; a new array.

        The same space gives the same object, bit for bit. Mattes (one channel) and alpha are never touched. Four
        channels are premultiplied: where a curve is involved, colours are divided by alpha before it and multiplied
        after it; where alpha is zero they are converted as they are, and exact zeros stay zeros.

        Raises:
            MediaError: a space that the config does not have.
        """
        return self._convert(picture, src, dst, "exact")

    def to_working(self, picture: Picture, space: str, alpha: Alpha, working: str) -> Picture:
        """What a reader gives → working space, premultiplied: straight alpha is multiplied in linear light."""
        import numpy as np

        if picture.shape[-1] != 4 or alpha != "straight":
            return self.convert(picture, space, working)
        result = picture.copy()
        result[..., :3] = self.convert(picture[..., :3], space, working)
        with np.errstate(
            invalid="ignore", over="ignore"
        ):  # Inf and NaN of the file go their way; they are counted later
            result[..., :3] *= result[..., 3:]
        return result

    def view(self, picture: Picture, space: str) -> Picture:
        """A picture as a screen shows it: (…, H, W, 3) sRGB in [0, 1], alpha over black, a matte as grey; NaN is black.

        The sRGB curve with a clip, no tone map: what is above 1 is white. Within 3e-5 of `convert`, at twice its speed.
        """
        import numpy as np

        if picture.shape[-1] == 1:
            return _clipped(np.repeat(picture, 3, axis=-1))
        shown = self._convert(picture[..., :3], space, SRGB, "fast")
        return _clipped(shown.copy() if np.may_share_memory(shown, picture) else shown)

    def seen(self, picture: Picture, space: str, working: str, how: Viewing) -> Picture:
        """A picture as `how` brings it before the eye: (…, H, W, 3) display values in [0, 1]; NaN is black.

        Exposure is a gain in `working`; then the CDL in its space, clamped as ASC CDL 1.2 says; then the config's view,
        or the sRGB curve with a clip; then the LUT. A matte (one channel) is grey, only its exposure changes.

        Raises:
            MediaError: no such space, display or view; a LUT that cannot be read.
        """
        import numpy as np

        if not (how.exposure or how.cdl or how.display or how.view or how.lut):
            return self.view(picture, space)
        if picture.shape[-1] == 1:
            return self.view(picture * np.float32(2**how.exposure), space)
        shown = np.array(picture[..., :3], np.float32, order="C")
        _in_place(self._viewings(space, working, how), shown)
        return _clipped(shown)

    def _viewing(self, space: str, working: str, how: Viewing) -> Any:
        import PyOpenColorIO as ocio  # noqa: N813

        group, at = ocio.GroupTransform(), space
        for name in (space, working, *([how.cdl_space] if how.cdl else [])):
            self.require(name)
        if how.exposure:
            gain = 2.0**how.exposure
            group.appendTransform(ocio.ColorSpaceTransform(at, working))
            group.appendTransform(ocio.MatrixTransform.Scale([gain, gain, gain, 1.0]))
            at = working
        if how.cdl:
            sop, sat = list(how.cdl[:9]), how.cdl[9]
            group.appendTransform(ocio.ColorSpaceTransform(at, how.cdl_space))
            cdl = ocio.CDLTransform(slope=sop[:3], offset=sop[3:6], power=sop[6:], sat=sat)
            cdl.setStyle(ocio.CDL_ASC)
            group.appendTransform(cdl)
            at = how.cdl_space
        group.appendTransform(self._to_display(at, how))
        if how.lut:
            group.appendTransform(ocio.FileTransform(src=how.lut, interpolation=ocio.INTERP_BEST))
        try:
            return self._config.getProcessor(group).getOptimizedCPUProcessor(ocio.OPTIMIZATION_DEFAULT)
        except ocio.Exception as error:
            raise MediaError(
                f"This cannot be looked at as the show says: {one_line(str(error))}.", where=one_line(how.lut),
                todo="Check the shot's `lut` and `cdl`, and [colour] in rushes.toml.",
            ) from error  # fmt: skip

    def _to_display(self, space: str, how: Viewing) -> Any:
        import PyOpenColorIO as ocio  # noqa: N813

        if not (how.display or how.view):
            return ocio.ColorSpaceTransform(space, SRGB)
        display = how.display or self._config.getDefaultDisplay()
        view = how.view or self._config.getDefaultView(display)
        displays, views = list(self._config.getDisplays()), list(self._config.getViews(display))
        for key, name, known in (("display", display, displays), ("view", view, views)):
            if name not in known:
                raise MediaError(
                    f"The colour config has no {key} {one_line(name)!r}.", where=f"rushes.toml: colour.{key}",
                    todo=f"Allowed: {one_line(', '.join(known), 600)}.",
                )  # fmt: skip
        return ocio.DisplayViewTransform(src=space, display=display, view=view)

    def unview(self, picture: Picture, space: str) -> Picture:
        """sRGB as shown on a screen → `space`."""
        return self.convert(picture, SRGB, space)

    def _convert(self, picture: Picture, src: str, dst: str, precision: Precision) -> Picture:
        import numpy as np

        for name in (src, dst):
            self.require(name)
        if src == dst or picture.shape[-1] == 1:
            return picture
        result = np.array(picture, np.float32, order="C")
        straight = picture.shape[-1] == 4 and not (self._linear(src) and self._linear(dst))
        if not straight:
            self._apply(result, src, dst, precision)
            return result
        alpha = result[..., 3:]
        divisor = np.where(alpha == 0, np.float32(1), alpha)
        nothing = (alpha == 0) & (result[..., :3] == 0)
        with np.errstate(
            invalid="ignore", over="ignore"
        ):  # Inf and NaN of the file go their way; they are counted later
            result[..., :3] /= divisor
            self._apply(result, src, dst, precision)
            result[..., :3] *= divisor
        result[..., :3][nothing] = 0
        return result

    def _linear(self, name: str) -> bool:
        import PyOpenColorIO as ocio  # noqa: N813

        return bool(self._config.isColorSpaceLinear(name, ocio.REFERENCE_SPACE_SCENE))

    def _apply(self, picture: Picture, src: str, dst: str, precision: Precision) -> None:
        import PyOpenColorIO as ocio  # noqa: N813

        key = (src, dst, precision)
        if key not in self._processors:
            try:
                flags = ocio.OPTIMIZATION_LOSSLESS if precision == "exact" else ocio.OPTIMIZATION_DEFAULT
                self._processors[key] = self._config.getProcessor(src, dst).getOptimizedCPUProcessor(flags)
            except ocio.Exception as error:
                raise MediaError(f"No way from {one_line(src)} to {one_line(dst)}: {one_line(str(error))}") from error
        _in_place(self._processors[key], picture)


def _in_place(processor: Any, picture: Picture) -> None:
    """Apply a processor. As an image of many lines: one long line leaves the cache and takes twice the time."""
    import PyOpenColorIO as ocio  # noqa: N813

    *_, width, channels = picture.shape
    if picture.size:
        processor.apply(ocio.PackedImageDesc(picture, width, picture.size // (width * channels), channels))


def _clipped(shown: Picture) -> Picture:
    """In place, to [0, 1]; NaN becomes 0."""
    import numpy as np

    np.fmax(shown, np.float32(0), out=shown)  # of a number and NaN it gives the number
    return np.minimum(shown, np.float32(1), out=shown)
