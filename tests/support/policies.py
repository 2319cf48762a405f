"""Policy documents of one statement."""

from __future__ import annotations

from local.ram import PolicyDocument


def policy(action: object, resource: object = "*", effect: str = "Allow") -> PolicyDocument:
    """Return a policy with one statement; `action` and `resource` are a string or a list of them."""
    return {"Version": "1", "Statement": [{"Effect": effect, "Action": action, "Resource": resource}]}


EVERYTHING = policy("*")
