"""SLS's functions that differ from DuckDB's, as DuckDB macros."""

from __future__ import annotations

_URL = r"^([^:/?#]+)://([^/?#:]*)(?::\d+)?([^?#]*)(?:\?([^#]*))?"

# Presto returns NULL where DuckDB raises an error (invalid JSON) or returns an empty text (no match).
MACROS = (
    # UTC; in an account these are in the time zone of its region.
    "sls_from_unixtime(t) AS make_timestamp(CAST(CAST(t AS DOUBLE) * 1e6 AS BIGINT))",
    """sls_json_scalar(j, p) AS CASE WHEN json_valid(j) AND json_type(j, p) NOT IN ('OBJECT', 'ARRAY')
       THEN json_extract_string(j, p) END""",
    "sls_json(j, p) AS CASE WHEN json_valid(j) THEN CAST(json_extract(j, p) AS VARCHAR) END",
    "sls_regexp_extract(s, p, g) AS CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p, g) END",
    # The same for patterns whose match is never empty, at half the cost.
    "sls_regexp_some(s, p) AS nullif(regexp_extract(s, p), '')",
    f"sls_url_protocol(u) AS sls_regexp_extract(u, '{_URL}', 1)",
    f"sls_url_host(u) AS sls_regexp_extract(u, '{_URL}', 2)",
    f"sls_url_path(u) AS sls_regexp_extract(u, '{_URL}', 3)",
    f"sls_url_query(u) AS sls_regexp_extract(u, '{_URL}', 4)",
    "sls_pairs(u) AS string_split(coalesce(sls_url_query(u), ''), '&')",
    """sls_url_parameter(u, n) AS url_decode(
       list_extract(list_filter(sls_pairs(u), lambda x: starts_with(x, n || '=')), 1)[len(n) + 2:])""",
    # The location of an address needs an IP database, which this stand-in lacks: all are unknown.
    "sls_ip_to_country(a) AS CASE WHEN a IS NOT NULL THEN '' END",
)
