"""The preparation `preprocess`: pictures as a pretrained backbone was trained on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import ValidationInfo, field_validator

from dlcli.data.preparation.own import OwnPreparation
from dlcli.keras_internals import preprocess_input
from dlcli.spec import language_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np


BRIGHT = 255.0


class Preprocess(OwnPreparation):
    """Colours of 0 to 255 as a backbone takes them: what Keras's own `preprocess_input` of that model does."""

    word: ClassVar[str] = "preprocess"
    example: ClassVar[str] = "preprocess: VGG16"
    group: ClassVar[str] = "images"

    model: str
    """The backbone: VGG16, MobileNetV2, …"""

    @field_validator("model")
    @classmethod
    def is_backbone(cls, model: str, information: ValidationInfo) -> str:
        return language_of(information).keras("applications", model).name

    def fitted(self, batches: Iterable[np.ndarray[Any, Any]]) -> Any:
        """The layer (…, 3) to (…, 3). Raises `ValueError` for pictures of other than three colours."""
        import keras
        import numpy as np

        colours = next(iter(batches)).shape[-1]
        if colours != 3:
            raise ValueError(
                f"{self.model} takes pictures of 3 colours, found {colours}; write images: {{…, channels: 3}}"
            )
        # All of them are the same for each pixel, and straight: asked for black and for one of each colour they tell it all.
        asked = np.concatenate([np.zeros((1, 3)), BRIGHT * np.eye(3)]).astype(np.float32)
        black, *each = preprocess_input(self.model, asked).astype(np.float64)
        layer = keras.layers.Dense(3, trainable=False)
        layer.build((None, 3))
        layer.set_weights([(np.stack(each) - black) / BRIGHT, black])
        return layer
