"""The learners that stand for election, simplest first: a new one adds its line."""

from __future__ import annotations

from models.uplift.learners.contract import Learner
from models.uplift.learners.doubly import Doubly
from models.uplift.learners.imputing import Imputing
from models.uplift.learners.residual import Residual
from models.uplift.learners.response import Response
from models.uplift.learners.single import Single
from models.uplift.learners.two import Two

LEARNERS: tuple[type[Learner], ...] = (Response, Single, Two, Imputing, Doubly, Residual)
