/**
 * What a function's result depends on, at the worst of its overloads:
 * - `immutable`: its arguments alone;
 * - `settings`: also the time zone or the formats, which Loam fixes for every session (UTC, ISO), so that
 *   it may be relied on like an immutable one;
 * - `stable`: the transaction (its time);
 * - `volatile`: differs at every call.
 */
export type FunctionVolatility = 'immutable' | 'settings' | 'stable' | 'volatile';

/**
 * The functions that SQL of a module may call; no other is. Views may use `immutable` and `settings`, defaults,
 * checks and handlers all of them (a CHECK that depends on the time is refused by its own rule). A function
 * belongs here only if it reads no table or catalog, changes nothing, waits for nothing, and its memory
 * is bounded by its arguments.
 */
export const allowedFunctions: Readonly<Record<string, FunctionVolatility>> = {
	// text
	...all(
		'immutable',
		'ascii bit_length btrim casefold char_length character_length chr decode encode initcap left lower lpad',
		'ltrim md5 normalize is_normalized octet_length overlay position quote_ident regexp_count regexp_instr',
		'regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table',
		'regexp_substr repeat replace reverse right rpad rtrim similar_to_escape split_part starts_with',
		'string_to_array string_to_table strpos substr substring to_hex to_bin to_oct translate trim unistr upper sha224 sha256',
		'sha384 sha512 crc32 crc32c like_escape bit_count get_byte'
	),
	...all('settings', 'length concat concat_ws format quote_literal quote_nullable'),
	// numbers
	...all(
		'immutable',
		'abs cbrt ceil ceiling degrees div exp factorial floor gcd lcm ln log log10 min_scale mod pi power pow radians',
		'round scale sign sqrt trim_scale trunc width_bucket acos acosd asin asind atan atand atan2 atan2d cos cosd',
		'cot cotd sin sind tan tand sinh cosh tanh asinh acosh atanh erf erfc gamma lgamma'
	),
	...all('volatile', 'random random_normal'),
	// dates and times
	...all(
		'immutable',
		'isfinite justify_days justify_hours justify_interval make_date make_interval make_time make_timestamp'
	),
	...all(
		'settings',
		'age date date_add date_bin date_part date_subtract date_trunc extract make_timestamptz timezone to_char to_date',
		'to_number to_timestamp overlaps'
	),
	...all('stable', 'now transaction_timestamp statement_timestamp'),
	...all('volatile', 'clock_timestamp'),
	// identities
	...all('volatile', 'gen_random_uuid uuidv4 uuidv7'),
	...all('immutable', 'uuid_extract_timestamp uuid_extract_version'),
	// arrays
	...all(
		'immutable',
		'array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position',
		'array_positions array_prepend array_remove array_replace array_reverse array_sort array_upper cardinality',
		'trim_array unnest generate_subscripts'
	),
	...all('settings', 'array_to_string'),
	// JSON
	...all(
		'immutable',
		'json_array_length json_typeof json_extract_path json_extract_path_text json_array_elements',
		'json_array_elements_text json_each json_each_text json_object_keys json_strip_nulls jsonb_array_elements',
		'jsonb_array_elements_text jsonb_array_length jsonb_each jsonb_each_text jsonb_extract_path',
		'jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_keys jsonb_path_exists jsonb_path_match',
		'jsonb_path_query jsonb_path_query_array jsonb_path_query_first jsonb_pretty jsonb_set jsonb_set_lax',
		'jsonb_strip_nulls jsonb_typeof jsonb_exists json_object'
	),
	...all(
		'settings',
		'array_to_json json_build_array json_build_object jsonb_build_array jsonb_build_object row_to_json to_json to_jsonb'
	),
	// aggregates
	...all(
		'immutable',
		'array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp every max min mode',
		'percentile_cont percentile_disc regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx',
		'regr_sxy regr_syy stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance any_value'
	),
	...all('settings', 'json_agg jsonb_agg json_object_agg jsonb_object_agg'),
	// windows
	...all(
		'immutable',
		'row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value'
	),
	// rows
	...all('immutable', 'num_nonnulls num_nulls'),
	...all('settings', 'generate_series')
};

function all(volatility: FunctionVolatility, ...names: string[]): Record<string, FunctionVolatility> {
	return Object.fromEntries(names.flatMap((line) => line.split(' ')).map((name) => [name, volatility]));
}

/** Types that a cast or a column may name, as the parser spells them. */
export const allowedTypes: ReadonlySet<string> = new Set(
	(
		'text varchar bpchar bool int2 int4 int8 smallint integer bigint boolean numeric decimal float4 float8 real bytea uuid date ' +
		'time timetz timestamp timestamptz interval json jsonb jsonpath bit varbit'
	).split(' ')
);

/** Types that a column of a module's table may have (engine/schema's ColumnType). */
export const columnTypes: ReadonlySet<string> = new Set(
	'text bool boolean int4 integer int8 bigint numeric float4 float8 real bytea uuid date timestamptz interval jsonb'.split(
		' '
	)
);

export const allowedOperators: ReadonlySet<string> = new Set(
	(
		'= <> != < <= > >= + - * / % ^ || ~ ~* !~ !~* ~~ ~~* !~~ !~~* -> ->> #> #>> #- @> <@ ? ?| ?& && @? @@ | & # << >> ' +
		'|/ ||/ @ ^@'
	).split(' ')
);
