"""Analysis statements, the ``select …`` of ``search | select …``: sqlglot reads them, DuckDB runs them.

Both are imported when the first statement comes: without them everything else works, and a statement is
refused with what to install.
"""

from local.sls.analysis.run import Analysis, Result
from local.sls.analysis.split import split_statement

__all__ = ["Analysis", "Result", "split_statement"]
