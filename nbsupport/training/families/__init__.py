"""Architecture families, by name: the paper's five (Section 3; exact variants are not given there),
and the Vision Transformer, which the paper's CLIP models add (Section 5).

Imports nothing, so that planning a study costs nothing.
"""

FAMILIES = ("resnet", "resnext", "densenet", "alexnet", "mobilenetv3")

EXTRA_FAMILIES = ("vit",)  # only in groups that ask for them: no reference line is fitted to them

SMALL_PX = 64  # the largest image side that a small sibling is meant for

ARCHITECTURES = {
    "resnet": "small ResNet",
    "resnext": "small ResNeXt",
    "densenet": "small DenseNet",
    "alexnet": "small AlexNet",
    "mobilenetv3": "small MobileNetV3",
    "vit": "small ViT",
}

FULL_SIZE = {
    "resnet": "resnet50",
    "resnext": "resnext50_32x4d",
    "densenet": "densenet121",
    "alexnet": "alexnet",
    "mobilenetv3": "mobilenetv3_large_100",
    "vit": "vit_base_patch32_clip_224",
}

# Parameters of the published models, with 1,000 classes; an estimate of disk uses them.
FULL_SIZE_PARAMETERS = {
    "resnet": 25_557_032,
    "resnext": 25_028_904,
    "densenet": 7_978_856,
    "alexnet": 61_100_840,
    "mobilenetv3": 5_483_032,
    "vit": 88_225_000,
}
SMALL_PARAMETERS = 100_000  # of a small sibling, on average

# Images of 224 px that an A100 trains on in a second, in mixed precision, with the data at hand:
# assumed, in round numbers near what is published for it; not measured by this project.
GPU_IMAGES_PER_SECOND = {
    "resnet": 2500,
    "resnext": 1600,
    "densenet": 1500,
    "alexnet": 8000,
    "mobilenetv3": 3500,
    "vit": 3500,
}
GPU_EVALUATION = 3.0  # times as fast: a forward pass is about a third of an update
# No update takes less, however small its batch: the processor sends the GPU one operation after the
# other, at about 50 microseconds each. Assumed too, from the operations of an update.
GPU_UPDATE_SECONDS = {
    "resnet": 0.022,
    "resnext": 0.022,
    "densenet": 0.075,
    "alexnet": 0.005,
    "mobilenetv3": 0.022,
    "vit": 0.03,
}

# Images of 32 px per thread-second: trained on, and evaluated. Medians of the recorded runs of the
# demo (batches of 64), less what an update costs whatever its batch. Only estimates use them, and
# only until something was measured on the machine at hand.
IMAGES_PER_SECOND = {
    "resnet": 6500,
    "resnext": 8000,
    "densenet": 5100,
    "alexnet": 7600,
    "mobilenetv3": 4600,
    "vit": 4200,
}
EVALUATED_PER_SECOND = {
    "resnet": 22_500,
    "resnext": 26_500,
    "densenet": 17_500,
    "alexnet": 25_500,
    "mobilenetv3": 20_000,
    "vit": 10_000,
}
UPDATE_SECONDS = 0.003


def training_seconds(family: str, px: int, images: float, updates: float) -> float:
    """Seconds of a thread, or of a GPU above 64 px, for updates on so many images in all."""
    if px <= SMALL_PX:
        return images / IMAGES_PER_SECOND[family] * (px / 32) ** 2 + updates * UPDATE_SECONDS
    at_speed = images / GPU_IMAGES_PER_SECOND[family] * (px / 224) ** 2
    return max(at_speed, updates * GPU_UPDATE_SECONDS[family])


def evaluation_seconds(family: str, px: int, images: float) -> float:
    """Seconds of a thread, or of a GPU above 64 px, for predictions on so many images."""
    if px <= SMALL_PX:
        return images / EVALUATED_PER_SECOND[family] * (px / 32) ** 2
    return images / (GPU_EVALUATION * GPU_IMAGES_PER_SECOND[family]) * (px / 224) ** 2


def weights_bytes(family: str, px: int) -> int:
    """About how much disk the weights of a model take: four bytes a number."""
    return 4 * (SMALL_PARAMETERS if px <= SMALL_PX else FULL_SIZE_PARAMETERS[family])


def architecture(family: str, px: int) -> str:
    """What a family is at an image side of `px`: a small sibling, or the published one."""
    return (ARCHITECTURES if px <= SMALL_PX else FULL_SIZE)[family]
