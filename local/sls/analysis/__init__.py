"""Analysis statements, the ``select …`` of ``search | select …``: parsed by sqlglot, executed by DuckDB.

Both are imported for the first statement: without them everything else works, and a statement is refused
with the packages to install.
"""

from local.sls.analysis.run import Analysis, Result
from local.sls.analysis.split import split_statement

__all__ = ["Analysis", "Result", "split_statement"]
