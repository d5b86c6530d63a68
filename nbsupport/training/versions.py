"""The version of each stage's code: part of a job's key, so that new code makes new results."""

VERSIONS = {"pretrain": 1, "finetune": 1, "contrast": 1, "generate": 1, "weights": 1}
