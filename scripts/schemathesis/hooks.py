"""What schemathesis cannot know of spike: what its scalars look like, which ids there are, and what a fault is.

A refusal is an answer: somebody who is not signed in, or sends nonsense, is told so in `errors` with a code. A fault is
a status of 500 or more, an answer that is no JSON, an error without a code, and the code INTERNAL_SERVER_ERROR, which
comes with a status of 200 when a field fails in the middle of an execution.
"""

import json
import os
from collections import Counter

import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes, scalar

# Ids of the sample sale: with random ones alone, hardly anything would be found.
KNOWN = [line for line in os.environ["SPIKE_IDS"].split() if line]

texts = st.text(max_size=40)
scalar("ID", st.one_of(st.sampled_from(KNOWN), st.sampled_from(KNOWN), texts).map(nodes.String))
scalar("Decimal", st.one_of(st.decimals(0, 10**9, places=2).map(str), st.decimals().map(str), texts).map(nodes.String))
scalar("AttributeValue", st.one_of(texts.map(nodes.String), st.integers().map(nodes.Int), st.booleans().map(nodes.Boolean)))
scalar(
    "DateTime",
    st.one_of(st.datetimes().map(lambda moment: moment.isoformat() + "Z"), texts).map(nodes.String),
)


@schemathesis.check
class NoServerFault:
    """No answer says that the server is at fault."""

    def __init__(self):
        self.answers = Counter()

    def after_response(self, ctx, response, case):
        assert response.status_code < 500, f"status {response.status_code}"
        answer = json.loads(response.content)
        codes = [error["extensions"]["code"] for error in answer.get("errors") or []]
        assert "INTERNAL_SERVER_ERROR" not in codes, answer["errors"]
        self.answers.update(set(codes) or {"no errors"})

    def after_run(self, ctx):
        print("\nanswers by code:", dict(self.answers.most_common()))
        # Where everything is refused, nothing was tried.
        assert self.answers["no errors"] > 20, self.answers
