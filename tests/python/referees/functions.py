"""How functions are called in each database: one entry a function and types of arguments. A template that is missing: the database has no such
function. `{0}`, `{1}` .. stand for arguments. A template that computes (say, `trunc` around a quotient) states a difference of dialects that needs no exception.
"""

from dataclasses import dataclass

from .values import BIGINT, BOOL, DATE, DEC, DOUBLE, INT, INTS, TEXT, TEXTS, TIME, TS

# Arguments that are columns with values of their own: small numbers, short texts, patterns, regular expressions.
SMALL, SHORT, PATTERN, REGEX = "SMALL", "SHORT", "PATTERN", "REGEX"
# A decimal of whatever precision and scale; arguments are DECIMAL(10, 2) only.
ANY_DEC = "DEC"


@dataclass(frozen=True)
class Function:
    name: str
    out: str
    args: tuple
    weir: str
    sqlite: str | None = None
    duckdb: str | None = None
    datafusion: str | None = None

    def text(self, engine):
        """The template of that database."""
        return getattr(self, engine)


FUNCTIONS = []


def add(name, out, args, weir, *, every=None, lite=None, duck=None, fusion=None):
    """An entry; `every`: what all three referees are told (`=`: the same as Weir), unless they are told something of their own."""
    if every == "=":
        every = weir
    duck_text, lite_text, fusion_text = (None if t == "no" else t or every for t in (duck, lite, fusion))
    # Lengths and positions are wider elsewhere, so that what is computed of them overflows later; and a constant list has no type.
    if out == INT and duck_text and name not in "+-*":
        duck_text = f"CAST({duck_text} AS INTEGER)"
    if out in (INTS, TEXTS) and duck_text:
        duck_text = f"CAST({duck_text} AS {out.replace(' ARRAY', '[]')})"
    FUNCTIONS.append(Function(name, out, tuple(args), weir, lite_text, duck_text, fusion_text))


def arithmetic():
    for ty, out in ((INT, INT), (BIGINT, BIGINT), (DOUBLE, DOUBLE), (DEC, ANY_DEC)):
        # SQLite's numbers are 64-bit integers and doubles.
        lite = "no" if ty == DEC else None
        for op in "+-*":
            add(op, out, (ty, ty), "({0} %s {1})" % op, every="=", lite=lite)
        add("negate", out, (ty,), "(-{0})", every="=", lite=lite)
        add("ABS", out, (ty,), "ABS({0})", every="=", lite=lite)
        add("GREATEST", out, (ty, ty), "GREATEST({0}, {1})", lite="no" if lite else "max({0}, {1})", duck="CASE WHEN {0} IS NULL OR {1} IS NULL THEN NULL ELSE greatest({0}, {1}) END", fusion="CASE WHEN {0} IS NULL OR {1} IS NULL THEN NULL ELSE greatest({0}, {1}) END")
        add("LEAST", out, (ty, ty), "LEAST({0}, {1})", lite="no" if lite else "min({0}, {1})", duck="CASE WHEN {0} IS NULL OR {1} IS NULL THEN NULL ELSE least({0}, {1}) END", fusion="CASE WHEN {0} IS NULL OR {1} IS NULL THEN NULL ELSE least({0}, {1}) END")
        add("GREATEST_IGNORE_NULLS", out, (ty, ty), "GREATEST_IGNORE_NULLS({0}, {1})", duck="greatest({0}, {1})", fusion="greatest({0}, {1})")
        add("LEAST_IGNORE_NULLS", out, (ty, ty), "LEAST_IGNORE_NULLS({0}, {1})", duck="least({0}, {1})", fusion="least({0}, {1})")
    for ty in (INT, BIGINT):
        add("/", ty, (ty, ty), "({0} / {1})", lite="({0} / {1})", duck="({0} // {1})", fusion="({0} / {1})")
        add("%", ty, (ty, ty), "({0} % {1})", every="=")
        add("MOD", ty, (ty, ty), "MOD({0}, {1})", lite="({0} % {1})", duck="mod({0}, {1})")
        add("DIV_NULL", ty, (ty, ty), "DIV_NULL({0}, {1})", lite="({0} / {1})", duck="CASE WHEN {1} = 0 THEN NULL ELSE TRY({0} // {1}) END")
        add("SIGN", ty, (ty,), "SIGN({0})", every="=", fusion="no")
    add("/ of DOUBLE", DOUBLE, (DOUBLE, DOUBLE), "({0} / {1})", every="=")
    add("% of DOUBLE", DOUBLE, (DOUBLE, DOUBLE), "({0} % {1})", duck="({0} % {1})", fusion="({0} % {1})")
    add("% of DECIMAL", ANY_DEC, (DEC, DEC), "({0} % {1})", duck="({0} % {1})", fusion="({0} % {1})")
    add("/ of DECIMAL", DOUBLE, (DEC, DEC), "CAST(CAST({0} / {1} AS DECIMAL(38, 6)) AS DOUBLE)", fusion="CAST({q} - {q} % CAST(0.000001 AS DECIMAL(7, 6)) AS DOUBLE)".replace("{q}", "CAST({0} AS DECIMAL(30, 12)) / CAST({1} AS DECIMAL(10, 2))"))
    for name in ("FLOOR", "CEIL", "SIGN"):
        add(name, DOUBLE, (DOUBLE,), "%s({0})" % name, every="=", fusion="signum({0})" if name == "SIGN" else None)
        if name != "SIGN":
            add(name + " of DECIMAL", ANY_DEC, (DEC,), "%s({0})" % name, duck="%s({0})" % name, fusion="%s({0})" % name)
    add("ROUND", DOUBLE, (DOUBLE,), "ROUND({0})", every="=")
    add("ROUND of DECIMAL", ANY_DEC, (DEC,), "ROUND({0})", duck="round({0})", fusion="round({0})")
    add("ROUND to 1", ANY_DEC, (DEC,), "ROUND({0}, 1)", duck="round({0}, 1)", fusion="round({0}, 1)")
    add("ROUND to -1", ANY_DEC, (DEC,), "ROUND({0}, -1)", duck="round({0}, -1)", fusion="round({0}, -1)")
    add("BROUND", DOUBLE, (DEC,), "CAST(BROUND({0}, 1) AS DOUBLE)", duck="round_even(CAST({0} AS DOUBLE), 1)")
    add("TRUNC", DOUBLE, (DOUBLE,), "TRUNC({0})", every="trunc({0})")
    add("TRUNC of DECIMAL", ANY_DEC, (DEC,), "TRUNC({0})", duck="trunc({0})", fusion="CAST({0} AS DECIMAL(10, 2)) - ({0} % CAST(1 AS DECIMAL(10, 2)))")
    for name in "ACOS ASIN ATAN COS COSH SIN SINH TAN TANH ASINH ACOSH ATANH EXP DEGREES RADIANS LN LOG10 SQRT".split():
        add(name, DOUBLE, (DOUBLE,), "%s({0})" % name, every="=")
    add("CBRT", DOUBLE, (DOUBLE,), "CBRT({0})", duck="cbrt({0})", fusion="cbrt({0})")
    add("COT", DOUBLE, (DOUBLE,), "COT({0})", duck="cot({0})", fusion="cot({0})")
    add("ATAN2", DOUBLE, (DOUBLE, DOUBLE), "ATAN2({0}, {1})", every="=")
    add("POWER", DOUBLE, (DOUBLE, DOUBLE), "POWER({0}, {1})", every="=")
    add("LOG", DOUBLE, (DOUBLE, DOUBLE), "LOG({0}, {1})", every="log({1}, {0})")
    add("PI", DOUBLE, (), "PI", every="pi()")
    add("IS_NAN", BOOL, (DOUBLE,), "IS_NAN({0})", duck="isnan({0})", fusion="isnan({0})")
    add("IS_INF", BOOL, (DOUBLE,), "IS_INF({0})", duck="isinf({0})")
    add("FINITE_OR_NULL", DOUBLE, (DOUBLE,), "FINITE_OR_NULL({0})", duck="CASE WHEN isfinite({0}) THEN {0} END")
    add("SEQUENCE", INTS, (SMALL, SMALL), "SEQUENCE({0}, {1})", duck="CASE WHEN {0} <= {1} THEN range({0}, {1} + 1) WHEN {0} > {1} THEN [] END", fusion="CASE WHEN {0} <= {1} THEN range({0}, {1} + 1) WHEN {0} > {1} THEN arrow_cast([], 'List(Int64)') END")


def logic():
    for op in ("AND", "OR"):
        add(op, BOOL, (BOOL, BOOL), "({0} %s {1})" % op, every="=")
    add("NOT", BOOL, (BOOL,), "(NOT {0})", every="=")
    for what in ("TRUE", "FALSE", "NOT TRUE", "NOT FALSE"):
        add("IS " + what, BOOL, (BOOL,), "({0} IS %s)" % what, every="=")
    for what in ("UNKNOWN", "NOT UNKNOWN"):
        add("IS " + what, BOOL, (BOOL,), "({0} IS %s)" % what, every="({0} IS %s)" % what.replace("UNKNOWN", "NULL"))
    for ty in (INT, BIGINT, DEC, DOUBLE, BOOL, TEXT, DATE, TS, INTS, TEXTS):
        lite = "no" if ty in (DEC, TS, INTS, TEXTS) else None
        fusion = "no" if ty in (INTS, TEXTS) else None
        for op in ("=", "<>", "<", "<=", ">", ">="):
            add(op, BOOL, (ty, ty), "({0} %s {1})" % op, every="=", lite=lite, fusion=fusion)
        for op in ("IS DISTINCT FROM", "IS NOT DISTINCT FROM"):
            add(op, BOOL, (ty, ty), "({0} %s {1})" % op, every="=", lite=lite, fusion=fusion)
        add("<=>", BOOL, (ty, ty), "({0} <=> {1})", every="({0} IS NOT DISTINCT FROM {1})", lite=lite, fusion=fusion)
        for op in ("IS NULL", "IS NOT NULL"):
            add(op, BOOL, (ty,), "({0} %s)" % op, every="=", lite=lite)
        add("COALESCE", ty, (ty, ty), "COALESCE({0}, {1})", every="=", lite=lite)
        add("IFNULL", ty, (ty, ty), "IFNULL({0}, {1})", every="COALESCE({0}, {1})", lite=lite)
        add("CASE", ty, (BOOL, ty, ty), "CASE WHEN {0} THEN {1} ELSE {2} END", every="=", lite=lite)
        add("IF", ty, (BOOL, ty, ty), "IF({0}, {1}, {2})", every="CASE WHEN {0} THEN {1} ELSE {2} END", lite=lite)
        add("simple CASE", ty, (ty, ty, ty), "CASE {0} WHEN {1} THEN {2} ELSE {0} END", every="=", lite=lite, fusion=fusion)
        add("NULLIF", ty, (ty, ty), "NULLIF({0}, {1})", every="=", lite=lite, fusion=fusion)
        if ty not in (INTS, TEXTS, BOOL):
            for op in ("BETWEEN", "NOT BETWEEN"):
                add(op, BOOL, (ty, ty, ty), "({0} %s {1} AND {2})" % op, every="=", lite=lite)
            symmetric = "(({0} >= {1} AND {0} <= {2}) OR ({0} >= {2} AND {0} <= {1}))"
            add("BETWEEN SYMMETRIC", BOOL, (ty, ty, ty), "({0} BETWEEN SYMMETRIC {1} AND {2})", every=symmetric, lite=lite)
            for op in ("IN", "NOT IN"):
                add(op, BOOL, (ty, ty, ty), "({0} %s ({1}, {2}))" % op, every="=", lite=lite)


def strings():
    def one(name, **how):
        add(name, TEXT, (TEXT,), f"{name}({{0}})", **how)

    add("||", TEXT, (TEXT, TEXT), "({0} || {1})", every="=")
    add("CONCAT", TEXT, (TEXT, INT), "CONCAT({0}, {1})", every="({0} || CAST({1} AS VARCHAR))")
    add("CONCAT_WS", TEXT, (SHORT, TEXT, TEXT), "CONCAT_WS({0}, {1}, {2})", every="=")
    one("LOWER", every="=")
    one("UPPER", every="=")
    one("REVERSE", duck="reverse({0})", fusion="reverse({0})")
    one("INITCAP", fusion="initcap({0})")
    one("MD5", duck="md5({0})", fusion="md5({0})")
    one("TRIM", every="=")
    for side, of in (("LEADING", "ltrim"), ("TRAILING", "rtrim"), ("BOTH", "trim")):
        add("TRIM " + side, TEXT, (TEXT, SHORT), "TRIM(%s {1} FROM {0})" % side, lite=of + "({0}, {1})", duck=of + "({0}, {1})", fusion=("btrim" if of == "trim" else of) + "({0}, {1})")
    for name in ("CHAR_LENGTH", "LENGTH", "LEN"):
        add(name, INT, (TEXT,), "%s({0})" % name, every="length({0})")
    add("OCTET_LENGTH", INT, (TEXT,), "OCTET_LENGTH(CAST({0} AS VARBINARY))", lite="octet_length({0})", duck="octet_length(encode({0}))", fusion="octet_length({0})")
    add("TO_HEX", TEXT, (TEXT,), "TO_HEX(CAST({0} AS VARBINARY))", lite="CASE WHEN {0} IS NOT NULL THEN lower(hex({0})) END", duck="lower(hex({0}))", fusion="encode(CAST({0} AS BYTEA), 'hex')")
    add("ASCII", INT, (TEXT,), "ASCII({0})", lite="coalesce(unicode({0}), CASE WHEN {0} = '' THEN 0 END)", duck="CASE WHEN {0} = '' THEN 0 ELSE unicode({0}) END", fusion="ascii({0})")
    add("CHR", TEXT, (SMALL,), "CHR({0} + 66)", lite="CASE WHEN {0} IS NOT NULL THEN char({0} + 66) END", duck="chr({0} + 66)", fusion="chr({0} + 66)")
    add("LEFT", TEXT, (TEXT, SMALL), "LEFT({0}, {1})", duck="left({0}, {1})", fusion="left({0}, {1})")
    add("RIGHT", TEXT, (TEXT, SMALL), "RIGHT({0}, {1})", duck="right({0}, {1})", fusion="right({0}, {1})")
    add("POSITION", INT, (SHORT, TEXT), "POSITION({0} IN {1})", lite="instr({1}, {0})", duck="position({0} IN {1})", fusion="strpos({1}, {0})")
    add("REPEAT", TEXT, (TEXT, SMALL), "REPEAT({0}, {1})", duck="repeat({0}, {1})", fusion="repeat({0}, {1})")
    add("REPLACE", TEXT, (TEXT, SHORT, SHORT), "REPLACE({0}, {1}, {2})", every="=")
    add("SPLIT", TEXTS, (TEXT, SHORT), "SPLIT({0}, {1})", duck="string_split({0}, {1})", fusion="string_to_array({0}, {1})")
    add("SPLIT_PART", TEXT, (TEXT, SHORT, SMALL), "SPLIT_PART({0}, {1}, {2})", duck="split_part({0}, {1}, {2})", fusion="split_part({0}, {1}, {2})")
    add("SUBSTR", TEXT, (TEXT, SMALL), "SUBSTR({0}, {1})", every="=")
    add("SUBSTR of 3", TEXT, (TEXT, SMALL, SMALL), "SUBSTR({0}, {1}, {2})", every="=")
    add("SUBSTRING", TEXT, (TEXT, SMALL), "SUBSTRING({0} FROM {1})", lite="substr({0}, {1})", duck="substring({0}, {1})", fusion="substr({0}, {1})")
    add("SUBSTRING FOR", TEXT, (TEXT, SMALL, SMALL), "SUBSTRING({0} FROM {1} FOR {2})", lite="substr({0}, {1}, {2})", duck="substring({0}, {1}, {2})", fusion="substr({0}, {1}, {2})")
    add("OVERLAY", TEXT, (TEXT, SHORT, SMALL, SMALL), "OVERLAY({0} PLACING {1} FROM {2} FOR {3})", fusion="overlay({0} PLACING {1} FROM {2} FOR {3})")
    add("LIKE", BOOL, (TEXT, PATTERN), "({0} LIKE {1})", duck="({0} LIKE {1})", fusion="({0} LIKE {1})")
    add("NOT LIKE", BOOL, (TEXT, PATTERN), "({0} NOT LIKE {1})", duck="({0} NOT LIKE {1})", fusion="({0} NOT LIKE {1})")
    add("LIKE ESCAPE", BOOL, (TEXT, SHORT), "({0} LIKE '%#' || {1} || '%' ESCAPE '#')", duck="({0} LIKE '%#' || {1} || '%' ESCAPE '#')")
    add("ILIKE", BOOL, (TEXT, PATTERN), "({0} ILIKE {1})", duck="({0} ILIKE {1})", fusion="({0} ILIKE {1})")
    add("NOT ILIKE", BOOL, (TEXT, PATTERN), "({0} NOT ILIKE {1})", duck="({0} NOT ILIKE {1})", fusion="({0} NOT ILIKE {1})")
    add("RLIKE", BOOL, (TEXT, REGEX), "({0} RLIKE {1})", duck="regexp_matches({0}, {1})", fusion="regexp_like({0}, {1})")
    add("REGEXP_REPLACE", TEXT, (TEXT, REGEX), "REGEXP_REPLACE({0}, {1}, '<>')", duck="regexp_replace({0}, {1}, '<>', 'g')", fusion="regexp_replace({0}, {1}, '<>', 'g')")


def casts():
    def text(of):
        return f"CAST({{0}} AS {of})"

    for ty in (INT, BIGINT):
        add("CAST to VARCHAR", TEXT, (ty,), text("VARCHAR"), every="=")
        add("CAST to DOUBLE", DOUBLE, (ty,), text("DOUBLE"), every="=")
        add("CAST to BOOLEAN", BOOL, (ty,), text("BOOLEAN"), duck=text("BOOLEAN"), lite="({0} <> 0)", fusion=text("BOOLEAN"))
    add("CAST to VARCHAR", TEXT, (BOOL,), "LOWER(CAST({0} AS VARCHAR))", duck=text("VARCHAR"), fusion=text("VARCHAR"))
    add("CAST to VARCHAR", TEXT, (DATE,), text("VARCHAR"), every="=")
    add("CAST to VARCHAR", TEXT, (TS,), text("VARCHAR(19)"), duck="left(CAST({0} AS VARCHAR), 19)")
    for ty in (INT, "SMALLINT", "TINYINT", BIGINT):
        # The value is an INTEGER, whatever the range.
        def whole(of, ty=ty):
            return of if ty in (INT, BIGINT) else f"CAST({of} AS INTEGER)"

        if ty != BIGINT:
            add("CAST of BIGINT to " + ty, INT, (BIGINT,), whole(text(ty)), duck=text(ty), fusion=text(ty))
        add("CAST of DOUBLE to " + ty, INT if ty != BIGINT else ty, (DOUBLE,), whole(text(ty)), duck="CAST(trunc({0}) AS %s)" % ty, fusion=text(ty))
        add("CAST of DECIMAL to " + ty, INT if ty != BIGINT else ty, (DEC,), whole(text(ty)), duck="CAST(trunc({0}) AS %s)" % ty)
        add("SAFE_CAST of text to " + ty, INT if ty != BIGINT else ty, (TEXT,), whole("SAFE_CAST({0} AS %s)" % ty), duck="TRY_CAST({0} AS %s)" % ty, fusion="TRY_CAST({0} AS %s)" % ty)
    add("CAST of INTEGER to DECIMAL", ANY_DEC, (INT,), text("DECIMAL(6, 2)"), duck=text("DECIMAL(6, 2)"), fusion=text("DECIMAL(6, 2)"))
    add("CAST of DOUBLE to DECIMAL", ANY_DEC, (DOUBLE,), "CAST({0} * 1e0 AS DECIMAL(6, 0))", duck="CAST(trunc({0}) AS DECIMAL(6, 0))")
    add("CAST of DECIMAL to DECIMAL", ANY_DEC, (DEC,), text("DECIMAL(12, 4)"), duck=text("DECIMAL(12, 4)"), fusion=text("DECIMAL(12, 4)"))
    add("CAST of DECIMAL to DOUBLE", DOUBLE, (DEC,), text("DOUBLE"), duck=text("DOUBLE"), fusion=text("DOUBLE"))
    add("SAFE_CAST of text to DOUBLE", DOUBLE, (TEXT,), "SAFE_CAST({0} AS DOUBLE)", duck="TRY_CAST({0} AS DOUBLE)", fusion="TRY_CAST({0} AS DOUBLE)")
    add("SAFE_CAST of text to DECIMAL", ANY_DEC, (TEXT,), "SAFE_CAST({0} AS DECIMAL(10, 2))", duck="TRY_CAST({0} AS DECIMAL(10, 2))", fusion="TRY_CAST({0} AS DECIMAL(10, 2))")
    add("SAFE_CAST of text to BOOLEAN", BOOL, (TEXT,), "SAFE_CAST({0} AS BOOLEAN)", duck="TRY_CAST({0} AS BOOLEAN)", fusion="TRY_CAST({0} AS BOOLEAN)")
    for ty in (DATE, TS, TIME):
        add("SAFE_CAST of text to " + ty, ty, (TEXT,), "SAFE_CAST({0} AS %s)" % ty, duck="TRY_CAST({0} AS %s)" % ty, fusion="TRY_CAST({0} AS %s)" % ty)
    add("CAST of text from DATE", DATE, (DATE,), "CAST(CAST({0} AS VARCHAR) AS DATE)", duck="CAST(CAST({0} AS VARCHAR) AS DATE)", fusion="CAST(CAST({0} AS VARCHAR) AS DATE)")
    add("CAST of text from TIMESTAMP", TS, (TS,), "CAST(CAST({0} AS VARCHAR) AS TIMESTAMP)", duck="CAST(CAST({0} AS VARCHAR) AS TIMESTAMP)", fusion="CAST(CAST({0} AS VARCHAR) AS TIMESTAMP)")
    add("CAST of text from DOUBLE", DOUBLE, (DOUBLE,), "CAST(CAST({0} AS VARCHAR) AS DOUBLE)", duck="CAST(CAST({0} AS VARCHAR) AS DOUBLE)", fusion="CAST(CAST({0} AS VARCHAR) AS DOUBLE)")
    add("CAST of TIMESTAMP to DATE", DATE, (TS,), text("DATE"), lite="date({0})", duck=text("DATE"), fusion=text("DATE"))
    add("CAST of TIMESTAMP to TIME", TIME, (TS,), text("TIME"), duck=text("TIME"), fusion="arrow_cast({0}, 'Time64(Nanosecond)')")
    add("CAST of DATE to TIMESTAMP", TS, (DATE,), text("TIMESTAMP"), duck=text("TIMESTAMP"), fusion="arrow_cast({0}, 'Timestamp(Microsecond, None)')")


def dates():
    spelled = {"DOW": "({0} - 1)", "ISODOW": "{0}"}
    for unit in "YEAR QUARTER MONTH DAY WEEK DOY HOUR MINUTE SECOND DOW ISODOW MILLISECOND MICROSECOND EPOCH CENTURY DECADE MILLENNIUM ISOYEAR".split():
        for ty in (DATE, TS):
            if ty == DATE and unit in ("HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND"):
                continue
            weir = "EXTRACT(%s FROM {0})" % unit
            weir = spelled.get(unit, "{0}").replace("{0}", weir)
            duck = fusion = "EXTRACT(%s FROM {0})" % unit
            if unit == "EPOCH":
                duck = fusion = "CAST(trunc(EXTRACT(EPOCH FROM {0})) AS BIGINT)"
            lite = {"YEAR": "%Y", "MONTH": "%m", "DAY": "%d", "DOY": "%j", "DOW": "%w", "HOUR": "%H", "MINUTE": "%M", "SECOND": "%S", "WEEK": "%V"}.get(unit)
            lite = "CAST(strftime('%s', {0}) AS INTEGER)" % lite if lite else None
            if unit in ("CENTURY", "DECADE", "MILLENNIUM", "ISOYEAR"):
                fusion = None
            if unit == "ISODOW":
                fusion = "((EXTRACT(DOW FROM {0}) + 6) % 7 + 1)"
            add("EXTRACT " + unit, BIGINT, (ty,), weir, lite=lite, duck=duck, fusion=fusion)
    for unit in ("HOUR", "MINUTE", "SECOND"):
        add("EXTRACT " + unit, BIGINT, (TIME,), "EXTRACT(%s FROM {0})" % unit, duck="EXTRACT(%s FROM {0})" % unit, fusion="EXTRACT(%s FROM {0})" % unit)
    for name in "YEAR QUARTER MONTH DAYOFMONTH WEEK DAYOFYEAR".split():
        add(name, BIGINT, (DATE,), "%s({0})" % name, duck="%s({0})" % name)
    for name in "HOUR MINUTE SECOND".split():
        add(name, BIGINT, (TS,), "%s({0})" % name, duck="%s({0})" % name)
    for unit in "YEAR QUARTER MONTH DAY".split():
        trunc = "date_trunc('%s', {0})" % unit.lower()
        lite = {"YEAR": "date({0}, 'start of year')", "MONTH": "date({0}, 'start of month')", "DAY": "date({0})"}.get(unit)
        add("FLOOR TO " + unit, DATE, (DATE,), "FLOOR({0} TO %s)" % unit, lite=lite, duck="CAST(%s AS DATE)" % trunc, fusion="CAST(%s AS DATE)" % trunc)
        add("FLOOR TO " + unit, TS, (TS,), "FLOOR({0} TO %s)" % unit, duck=trunc, fusion=trunc)
        add("DATE_TRUNC " + unit, DATE, (DATE,), "DATE_TRUNC({0}, %s)" % unit, lite=lite, duck="CAST(%s AS DATE)" % trunc, fusion="CAST(%s AS DATE)" % trunc)
        add("TIMESTAMP_TRUNC " + unit, TS, (TS,), "TIMESTAMP_TRUNC({0}, %s)" % unit, duck=trunc, fusion=trunc)
        ceil = "CASE WHEN {t} = {0} THEN {0} ELSE {t} + INTERVAL %s END" % {"QUARTER": "'3 month'"}.get(unit, "'1 %s'" % unit.lower())
        add("CEIL TO " + unit, TS, (TS,), "CEIL({0} TO %s)" % unit, duck=ceil.replace("{t}", trunc), fusion=ceil.replace("{t}", trunc))
    for unit in ("HOUR", "MINUTE", "SECOND"):
        trunc = "date_trunc('%s', {0})" % unit.lower()
        add("FLOOR TO " + unit, TS, (TS,), "FLOOR({0} TO %s)" % unit, duck=trunc, fusion=trunc)
        add("TIMESTAMP_TRUNC " + unit, TS, (TS,), "TIMESTAMP_TRUNC({0}, %s)" % unit, duck=trunc, fusion=trunc)
    for unit in ("CENTURY", "MILLENNIUM", "DECADE"):
        add("DATE_TRUNC " + unit, DATE, (DATE,), "DATE_TRUNC({0}, %s)" % unit, duck="CAST(date_trunc('%s', {0}) AS DATE)" % unit.lower())
    for unit in ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"):
        for op in "+-":
            of = "'1 %s'" % unit.lower()
            add("TIMESTAMP %s %s" % (op, unit), TS, (TS,), "({0} %s INTERVAL '1' %s)" % (op, unit), duck="({0} %s INTERVAL %s)" % (op, of), fusion="({0} %s INTERVAL %s)" % (op, of))
            if unit in ("YEAR", "MONTH", "DAY"):
                lite = "date({0}, '%s1 day')" % op if unit == "DAY" else None
                add("DATE %s %s" % (op, unit), DATE, (DATE,), "({0} %s INTERVAL '1' %s)" % (op, unit), lite=lite, duck="CAST({0} %s INTERVAL %s AS DATE)" % (op, of), fusion="CAST({0} %s INTERVAL %s AS DATE)" % (op, of))
    add("TIMESTAMPADD MONTH", TS, (SMALL, TS), "TIMESTAMPADD(MONTH, {0}, {1})", duck="({1} + to_months({0}))")
    add("TIMESTAMPADD DAY", DATE, (SMALL, DATE), "TIMESTAMPADD(DAY, {0}, {1})", lite="date({1}, {0} || ' days')", duck="CAST({1} + to_days({0}) AS DATE)")
    add("DATE_ADD", DATE, (DATE, SMALL), "DATE_ADD({0}, {1} * INTERVAL '1' DAY)", duck="({0} + {1})")
    add("DATE_SUB", DATE, (DATE, SMALL), "DATE_SUB({0}, {1} * INTERVAL '1' DAY)", duck="({0} - {1})")
    for unit in ("SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"):
        add("TIMESTAMPDIFF " + unit, INT, (TS, TS), "TIMESTAMPDIFF(%s, {0}, {1})" % unit, duck="datesub('%s', {0}, {1})" % unit.lower())
        if unit not in ("SECOND", "MINUTE", "HOUR"):
            add("DATEDIFF " + unit, INT, (DATE, DATE), "DATEDIFF(%s, {0}, {1})" % unit, duck="datesub('%s', {0}, {1})" % unit.lower(), lite="CAST(julianday({1}) - julianday({0}) AS INTEGER)" if unit == "DAY" else None)
    add("DATE - DATE", BIGINT, (DATE, DATE), "CAST(({0} - {1}) DAY AS BIGINT)", duck="({0} - {1})", lite="CAST(julianday({0}) - julianday({1}) AS INTEGER)")
    add("MAKE_DATE", DATE, (SMALL, SMALL, SMALL), "MAKE_DATE(2000 + {0}, {1}, {2})", duck="TRY(make_date(2000 + {0}, {1}, {2}))")
    add("MAKE_TIME", TIME, (SMALL, SMALL, SMALL), "MAKE_TIME({0}, {1}, {2})", duck="TRY(make_time({0}, {1}, {2}))")
    add("MAKE_TIMESTAMP", TS, (SMALL, SMALL, SMALL), "MAKE_TIMESTAMP(2000, {0}, {1}, {2}, 30, 7)", duck="TRY(make_timestamp(2000, {0}, {1}, {2}, 30, 7))")
    for form in "%Y-%m-%d %H:%M:%S|%y %j|%a %A %b %B|%I %p|%U %W %w|%V %G %u|%M%%%S|%-d/%-m".split("|"):
        lite = form if not set(form) & set("aAbByx-") else None
        add("FORMAT_TIMESTAMP " + form, TEXT, (TS,), "FORMAT_TIMESTAMP('%s', {0})" % form, duck="strftime({0}, '%s')" % form, fusion="to_char({0}, '%s')" % form, lite="strftime('%s', {0})" % lite if lite else None)
    add("FORMAT_DATE", TEXT, (DATE,), "FORMAT_DATE('%d.%m.%Y', {0})", duck="strftime({0}, '%d.%m.%Y')", fusion="to_char({0}, '%d.%m.%Y')", lite="strftime('%d.%m.%Y', {0})")
    add("PARSE_DATE", DATE, (DATE,), "PARSE_DATE('%d.%m.%Y', FORMAT_DATE('%d.%m.%Y', {0}))", duck="CAST(strptime(strftime({0}, '%d.%m.%Y'), '%d.%m.%Y') AS DATE)", fusion="to_date(to_char({0}, '%d.%m.%Y'), '%d.%m.%Y')")
    add("PARSE_DATE of any text", DATE, (TEXT,), "PARSE_DATE('%Y-%m-%d', {0})", duck="CAST(try_strptime({0}, '%Y-%m-%d') AS DATE)")


def arrays():
    joined = "CASE WHEN {1} IS NOT NULL AND {0} IS NOT NULL THEN substr(list_reduce([''] || %s, lambda one_, other_: one_ || {1} || other_), length({1}) + 1) END"
    for ty, of in ((INTS, INT), (TEXTS, TEXT)):
        add("a[i]", of, (ty, SMALL), "{0}[{1}]", duck="CASE WHEN {1} > 0 THEN {0}[{1}] END", fusion="CASE WHEN {1} > 0 THEN array_element({0}, {1}) END")
        add("SAFE_OFFSET", of, (ty, SMALL), "{0}[SAFE_OFFSET({1})]", duck="CASE WHEN {1} >= 0 THEN {0}[{1} + 1] END")
        add("ARRAY_APPEND", ty, (ty, of), "ARRAY_APPEND({0}, {1})", duck="CASE WHEN {0} IS NOT NULL THEN list_append({0}, {1}) END", fusion="CASE WHEN {0} IS NOT NULL THEN array_append({0}, {1}) END")
        add("ARRAY_PREPEND", ty, (ty, of), "ARRAY_PREPEND({0}, {1})", duck="CASE WHEN {0} IS NOT NULL THEN list_prepend({1}, {0}) END", fusion="CASE WHEN {0} IS NOT NULL THEN array_prepend({1}, {0}) END")
        add("ARRAY_CONCAT", ty, (ty, ty), "ARRAY_CONCAT({0}, {1})", duck="({0} || {1})", fusion="CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN array_concat({0}, {1}) END")
        add("ARRAY_COMPACT", ty, (ty,), "ARRAY_COMPACT({0})", duck="list_filter({0}, lambda one_: one_ IS NOT NULL)")
        add("ARRAY_CONTAINS", BOOL, (ty, of), "ARRAY_CONTAINS({0}, {1})", duck="list_contains({0}, {1})", fusion="array_has({0}, {1})")
        add("ARRAY_DISTINCT", ty, (ty,), "SORT_ARRAY(ARRAY_DISTINCT({0}))", duck="list_sort(list_distinct({0}))", fusion="array_sort(array_distinct({0}))")
        for name, df in (("ARRAY_EXCEPT", "array_except"), ("ARRAY_INTERSECT", "array_intersect"), ("ARRAY_UNION", "array_union")):
            duck = {"ARRAY_INTERSECT": "list_sort(list_intersect({0}, {1}))", "ARRAY_UNION": "list_sort(list_distinct({0} || {1}))", "ARRAY_EXCEPT": "list_sort(list_distinct(list_filter({0}, lambda one_: NOT list_contains({1}, one_))))"}[name]
            add(name, ty, (ty, ty), "%s({0}, {1})" % name, duck=duck, fusion="CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN array_sort(%s({0}, {1}), 'ASC', 'NULLS FIRST') END" % df)
        for name in ("ARRAY_LENGTH", "ARRAY_SIZE", "CARDINALITY"):
            add(name, INT, (ty,), "%s({0})" % name, duck="len({0})", fusion="CASE WHEN {0} IS NOT NULL THEN cardinality({0}) END" if name == "CARDINALITY" else None)
        add("ARRAY_MAX", of, (ty,), "ARRAY_MAX({0})", duck="list_max({0})", fusion="array_max({0})")
        add("ARRAY_MIN", of, (ty,), "ARRAY_MIN({0})", duck="list_min({0})", fusion="array_min({0})")
        add("ARRAYS_OVERLAP", BOOL, (ty, ty), "ARRAYS_OVERLAP({0}, {1})", duck="list_has_any({0}, {1})", fusion="CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN array_has_any({0}, {1}) END")
        add("ARRAY_POSITION", BIGINT, (ty, of), "ARRAY_POSITION({0}, {1})", duck="CASE WHEN {1} IS NOT NULL AND {0} IS NOT NULL THEN coalesce(list_position({0}, {1}), 0) END", fusion="CASE WHEN {1} IS NOT NULL AND {0} IS NOT NULL THEN coalesce(array_position({0}, {1}), 0) END")
        add("ARRAY_REMOVE", ty, (ty, of), "ARRAY_REMOVE({0}, {1})", duck="list_filter({0}, lambda one_: one_ IS DISTINCT FROM {1})", fusion="array_remove_all({0}, {1})")
        add("ARRAY_REPEAT", ty, (of, SMALL), "ARRAY_REPEAT({0}, {1})", duck="CASE WHEN {1} IS NOT NULL THEN list_transform(range(greatest({1}, 0)), lambda one_: {0}) END", fusion="CASE WHEN {1} IS NOT NULL THEN array_repeat({0}, {1}) END")
        add("ARRAY_REVERSE", ty, (ty,), "ARRAY_REVERSE({0})", duck="list_reverse({0})", fusion="array_reverse({0})")
        add("SORT_ARRAY", ty, (ty,), "SORT_ARRAY({0})", duck="list_sort({0}, 'ASC', 'NULLS FIRST')", fusion="array_sort({0}, 'ASC', 'NULLS FIRST')")
        add("SORT_ARRAY descending", ty, (ty,), "SORT_ARRAY({0}, FALSE)", duck="list_sort({0}, 'DESC', 'NULLS LAST')", fusion="array_sort({0}, 'DESC', 'NULLS LAST')")
        add("ARRAY_JOIN", TEXT, (TEXTS, SHORT), "ARRAY_JOIN({0}, {1})", duck=joined % "list_filter({0}, lambda one_: one_ IS NOT NULL)", fusion="array_to_string({0}, {1})")
        add("ARRAY_TO_STRING", TEXT, (TEXTS, SHORT), "ARRAY_TO_STRING({0}, {1}, '?')", duck=joined % "list_transform({0}, lambda one_: coalesce(one_, '?'))", fusion="array_to_string({0}, {1}, '?')")
        add("ARRAY", ty, (of, of), "ARRAY[{0}, {1}]", duck="[{0}, {1}]", fusion="make_array({0}, {1})")
    add("ARRAY_INSERT", INTS, (INTS, INT), "ARRAY_INSERT({0}, 1, {1})", duck="CASE WHEN {0} IS NOT NULL THEN list_prepend({1}, {0}) END")
    add("TRANSFORM", INTS, (INTS,), "TRANSFORM({0}, x -> x % 7 + 1)", duck="list_transform({0}, lambda one_: one_ % 7 + 1)")
    add("ARRAY_EXISTS", BOOL, (INTS,), "ARRAY_EXISTS({0}, x -> x > 2)", duck="CASE WHEN {0} IS NOT NULL THEN coalesce(list_bool_or(list_transform({0}, lambda one_: coalesce(one_ > 2, FALSE))), FALSE) OR CASE WHEN list_contains(list_transform({0}, lambda one_: one_ IS NULL), TRUE) THEN NULL ELSE FALSE END END")


for family in (arithmetic, logic, strings, casts, dates, arrays):
    family()

# Aggregates: (name, Weir, SQLite, DuckDB, DataFusion, type), over the columns of the table.
AGGREGATES = [
    ("COUNT(*)", "COUNT(*)", "COUNT(*)", "COUNT(*)", "COUNT(*)", BIGINT),
    ("COUNT(x)", "COUNT(i)", "COUNT(i)", "COUNT(i)", "COUNT(i)", BIGINT),
    ("COUNT DISTINCT", "COUNT(DISTINCT s)", "COUNT(DISTINCT s)", "COUNT(DISTINCT s)", "COUNT(DISTINCT s)", BIGINT),
    ("COUNT FILTER", "COUNT(*) FILTER (WHERE p)", "COUNT(*) FILTER (WHERE p)", "COUNT(*) FILTER (WHERE p)", "COUNT(*) FILTER (WHERE p)", BIGINT),
    ("COUNT of two", "COUNT(i, s)", None, "COUNT(*) FILTER (WHERE i IS NOT NULL AND s IS NOT NULL)", "COUNT(i, s)", BIGINT),
    ("COUNTIF", "COUNTIF(q)", "COUNT(*) FILTER (WHERE q)", "count_if(q)", None, BIGINT),
    ("SUM", "SUM(n)", "SUM(n)", "SUM(n)", "SUM(n)", INT),
    ("SUM DISTINCT", "SUM(DISTINCT n)", "SUM(DISTINCT n)", "SUM(DISTINCT n)", "SUM(DISTINCT n)", INT),
    ("SUM FILTER", "SUM(n) FILTER (WHERE q)", "SUM(n) FILTER (WHERE q)", "SUM(n) FILTER (WHERE q)", "SUM(n) FILTER (WHERE q)", INT),
    ("SUM of DECIMAL", "SUM(CAST(d AS DECIMAL(20, 2)))", None, "SUM(d)", "SUM(d)", DEC),
    ("SUM of DOUBLE", "SUM(CAST(n AS DOUBLE) / 4)", "SUM(CAST(n AS DOUBLE) / 4)", "SUM(CAST(n AS DOUBLE) / 4)", "SUM(CAST(n AS DOUBLE) / 4)", DOUBLE),
    ("AVG", "AVG(n)", "CAST(AVG(n) AS INTEGER)", "CAST(trunc(AVG(n)) AS INTEGER)", "CAST(trunc(AVG(n)) AS INTEGER)", INT),
    ("AVG of DOUBLE", "AVG(CAST(n AS DOUBLE))", "AVG(n)", "AVG(n)", "AVG(n)", DOUBLE),
    *((f"{m} of {c}", f"{m}({c})", f"{m}({c})" if c in "i b x s dt".split() else None, f"{m}({c})", f"{m}({c})", t)
      for m in ("MIN", "MAX") for c, t in (("i", INT), ("b", BIGINT), ("d", DEC), ("x", DOUBLE), ("s", TEXT), ("dt", DATE), ("ts", TS))),
    *((name, f"{name}(p)", {"and": "MIN(p)", "or": "MAX(p)"}[kind], f"bool_{kind}(p)", f"bool_{kind}(p)", BOOL)
      for name, kind in (("BOOL_AND", "and"), ("EVERY", "and"), ("LOGICAL_AND", "and"), ("BOOL_OR", "or"), ("SOME", "or"), ("LOGICAL_OR", "or"))),
    *((name, f"{name}(n)", None, f"{name}(n)", f"{name}(n)", INT) for name in ("BIT_AND", "BIT_OR", "BIT_XOR")),
    *((name, f"{name}(CAST(n AS DOUBLE))", None, f"{duck}(n)", f"{duck}(n)", DOUBLE)
      for name, duck in (("STDDEV", "stddev_samp"), ("STDDEV_SAMP", "stddev_samp"), ("STDDEV_POP", "stddev_pop"), ("VAR_POP", "var_pop"), ("VAR_SAMP", "var_samp"), ("VARIANCE", "var_samp"))),
    *((name, f"{name}(CAST(n AS DOUBLE), CAST(id AS DOUBLE))", None, f"{name}(n, id)", f"{name}(n, id)", DOUBLE) for name in ("COVAR_POP", "COVAR_SAMP", "REGR_SXX", "REGR_SYY")),
    ("REGR_COUNT", "REGR_COUNT(CAST(n AS DOUBLE), CAST(id AS DOUBLE))", None, "regr_count(n, id)", "regr_count(n, id)", BIGINT),
    ("ARG_MAX", "ARG_MAX(s, id)", None, "arg_max_null(s, id)", None, TEXT),
    ("ARG_MIN", "ARG_MIN(s, id)", None, "arg_min_null(s, id)", None, TEXT),
    ("ARRAY_AGG ORDER BY", "ARRAY_AGG(n ORDER BY id)", None, "list(n ORDER BY id)", "array_agg(n ORDER BY id)", INTS),
    ("ARRAY_AGG IGNORE NULLS", "ARRAY_AGG(n IGNORE NULLS ORDER BY id)", None, "list(n ORDER BY id) FILTER (WHERE n IS NOT NULL)", None, INTS),
    ("ARRAY_AGG DISTINCT", "SORT_ARRAY(ARRAY_AGG(DISTINCT n))", None, "list_sort(list(DISTINCT n), 'ASC', 'NULLS FIRST')", "array_sort(array_agg(DISTINCT n), 'ASC', 'NULLS FIRST')", INTS),
]
