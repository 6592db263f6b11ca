"""The expected failures of the models: each names a fact, what is allowed and the fix."""

from __future__ import annotations

from features.errors import FeatureError


class ModelError(FeatureError):
    """An expected failure while fitting, judging, compiling or running models."""


class EncodingError(ModelError):
    """A column is missing, or holds a value that its kind cannot hold."""


class ModelSetNotFoundError(ModelError):
    """The folder named holds no model set."""

    status = 404


class ModelSetFormatError(ModelError):
    """A model set folder is of another format, or a file in it does not fit the manifest."""


class UnknownSignalError(ModelError):
    """A signal was asked for that the model set does not hold."""

    status = 404


class TooFewRowsError(ModelError):
    """There is not enough labelled data to fit and judge anything."""


class ParityError(ModelError):
    """The compiled model does not give the numbers of the model it was compiled from."""


class NotLiveError(ModelSetFormatError):
    """The model set has no graphs for live answers: it was trained by an earlier version."""

    status = 409
