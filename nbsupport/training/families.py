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

# Images of 32 px trained on per thread-second, in batches of 64 on one thread of an AMD EPYC Zen 5
# whose other core is busy. Forward alone is 4 to 6 times as fast. Only estimates of cost use them.
IMAGES_PER_SECOND = {
    "resnet": 9000,
    "resnext": 7500,
    "densenet": 5800,
    "alexnet": 8000,
    "mobilenetv3": 6700,
    "vit": 5600,
}


def images_per_second(family: str, px: int) -> float:
    """Images of a side of `px` trained on in a thread-second, or in a second of a GPU above 64."""
    if px <= SMALL_PX:
        return IMAGES_PER_SECOND[family] * (32 / px) ** 2
    return GPU_IMAGES_PER_SECOND[family] * (224 / px) ** 2


def weights_bytes(family: str, px: int) -> int:
    """About how much disk the weights of a model take: four bytes a number."""
    return 4 * (SMALL_PARAMETERS if px <= SMALL_PX else FULL_SIZE_PARAMETERS[family])


def architecture(family: str, px: int) -> str:
    """What a family is at an image side of `px`: a small sibling, or the published one."""
    return (ARCHITECTURES if px <= SMALL_PX else FULL_SIZE)[family]
