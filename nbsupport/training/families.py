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


def architecture(family: str, px: int) -> str:
    """What a family is at an image side of `px`: a small sibling, or the published one."""
    return (ARCHITECTURES if px <= SMALL_PX else FULL_SIZE)[family]
