"""What a text-to-image model is asked for: eighty ways to show a class as a photograph would.

The paper fills the 80 templates that CLIP's authors made for zero-shot classification with each of
ImageNet's classes (Section 4.5.1). These are as many, written for this book: each names the class
once, and they vary in distance, angle, light, weather, place, camera and quality, as photographs on
the web do. An image's prompt and seed follow from (seed, class, number) alone, so more images of a
class, or more classes, change none of those that are made already.
"""

from functools import lru_cache
from hashlib import sha256

VERSION = 1  # raise it when a prompt or a seed changes

_DISTANCE = (
    "{}, filling the whole frame",
    "{} at arm's length, every detail visible",
    "the {} seen from across the street",
    "a wide landscape, and far off in it one {}",
    "{} in the middle distance, in sharp focus",
    "one {} taking up half of the picture",
    "a tiny {} in a large empty space",
    "macro lens on part of the {}",
    "{} from head to tail or end to end, nothing cut off",
    "the {} pressed close to the lens",
)
_ANGLE = (
    "{} from directly above",
    "looking up at the {} from the ground",
    "the {} in profile, facing left",
    "the {} in profile, facing right",
    "{} from behind, over someone's shoulder",
    "a frontal view of one {}, camera held level",
    "three-quarter view of the {}",
    "{} through a window pane",
    "the {} half hidden behind something else",
    "{} mirrored in still water or polished metal",
)
_LIGHT = (
    "{} in hard midday sun with short shadows",
    "the {} under a grey and even sky",
    "{} against the light, its outline glowing",
    "{} in the last orange light of the evening",
    "early morning, cool light on the {}",
    "{} caught by a camera flash in the dark",
    "the {} by candlelight",
    "{} under the white tubes of an office ceiling",
    "a shaft of light falling on the {}",
    "deep shade, and in it one {}",
)
_WEATHER = (
    "{} in falling snow",
    "{} in steady rain, drops on the lens",
    "thin fog around the {}",
    "the {} on a windy day",
    "{} on a hot day, the air shimmering",
    "after the storm: the {} among puddles",
    "{} on an autumn afternoon",
    "{} in early spring",
    "one {} at the height of summer",
    "the {} on a frosty morning",
)
_PLACE = (
    "{} in somebody's kitchen",
    "the {} in a back yard",
    "{} beside a country road",
    "{} in the corner of a living room",
    "market day, and among the stalls one {}",
    "{} on bare concrete",
    "the {} in tall grass",
    "{} on a plain white background, as in a catalogue",
    "the {} where one would expect to find it",
    "{} in a place where nobody would expect it",
)
_COMPANY = (
    "two of the same kind: {}, side by side",
    "a whole row of the same kind: {}",
    "{} with a hand reaching into the picture",
    "the {} next to a coin for scale",
    "a child looking at the {}",
    "{} alone, nothing else in sight",
    "the {} in the middle of a crowd",
    "{} among a clutter of other things",
    "someone's back, and past it the {}",
    "a family outing, with the {} in view",
)
_CAMERA = (
    "{}, taken with an old phone",
    "the {} on grainy film, colours faded",
    "{} on a video still, edges soft",
    "a security camera's view of the {}",
    "{} through a long telephoto lens, background melted away",
    "fisheye picture of the {}",
    "a press photographer's shot: {}",
    "{} in monochrome, strong contrast",
    "{}, scanned from a printed page",
    "instant-camera print showing the {}",
)
_MOMENT = (
    "{}, slightly out of focus because the photographer hurried",
    "{} blurred by its own movement or the camera's",
    "a holiday album, page three: the {}",
    "{} as a seller would show it in an advertisement",
    "encyclopedia plate photographed from life: {}",
    "the {} at rest",
    "{} just as something happens to it",
    "an accidental shot, tilted, of the {}",
    "{}, well composed, by an experienced amateur",
    "the {} as it was found",
)
TEMPLATES: tuple[str, ...] = (
    *_DISTANCE,
    *_ANGLE,
    *_LIGHT,
    *_WEATHER,
    *_PLACE,
    *_COMPANY,
    *_CAMERA,
    *_MOMENT,
)


def prompt(seed: int, wnid: str, number: int, words: str) -> str:
    """The prompt of image `number` of a class: any 80 in a row use each template once.

    Classes begin at different templates, and step through them in an order of the seed.
    """
    start = _hash("start", seed, wnid)
    place = (start + number) % len(TEMPLATES)
    return _order(seed)[place].replace("{}", words)


def image_seed(seed: int, wnid: str, number: int, attempt: int = 0) -> int:
    """63 bits for the noise that an image starts from; `attempt` counts images thrown away."""
    return _hash("noise", seed, wnid, number, attempt)


@lru_cache(maxsize=4)
def _order(seed: int) -> list[str]:
    return sorted(TEMPLATES, key=lambda template: _hash("order", seed, template))


def _hash(*parts: object) -> int:
    text = "|".join(str(part) for part in parts)
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big") >> 1
