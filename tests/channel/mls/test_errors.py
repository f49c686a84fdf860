import copy
import pickle

import pytest

from channel.mls import errors
from channel.mls.errors import GenerationError, LocalError, MLSError, PeerError, ValidationError

BLAME = {
    PeerError: {"DecodeError", "ValidationError", "VerificationError", "DecryptionError", "GenerationError"},
    LocalError: {"StateError", "UnsupportedError"},
}


def test_every_error_says_whose_fault_it_is() -> None:
    classes = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, Exception)]
    for blamed, names in BLAME.items():
        assert {cls.__name__ for cls in classes if issubclass(cls, blamed) and cls is not blamed} == names
    assert all(issubclass(cls, MLSError) for cls in classes)


@pytest.mark.parametrize("copied", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_errors_with_facts_can_be_copied(copied: object) -> None:
    assert callable(copied)
    broken = copied(ValidationError("7.3-2", "a credential is not supported"))
    assert (str(broken), broken.rule) == ("a credential is not supported (rule 7.3-2)", "7.3-2")
    late = copied(GenerationError("too old", generation=3, expected=9))
    assert (str(late), late.generation, late.expected) == ("too old", 3, 9)
