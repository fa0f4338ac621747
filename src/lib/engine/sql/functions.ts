/**
 * What SQL of a module may call, by name; all of it in `pg_catalog`. Listed are functions whose result
 * depends on their arguments alone, and those that also depend on TimeZone, DateStyle and the like:
 * wherever view SQL runs, those settings are fixed (`outputSettings`), so they are as good as immutable.
 */

const names = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Functions that return text. The planner must know them: text turned into a date may say 'now'. */
export const textFunctions: ReadonlySet<string> = new Set(
	names(`
		lower upper initcap trim btrim ltrim rtrim substr substring left right lpad rpad replace translate reverse
		repeat split_part concat concat_ws overlay regexp_replace regexp_substr to_char to_hex to_bin to_oct encode md5 chr
		format quote_literal array_to_string jsonb_typeof jsonb_extract_path_text like_escape similar_to_escape`)
);

const otherFunctions = names(`
	length char_length character_length octet_length bit_length position strpos starts_with ascii
	regexp_count regexp_instr regexp_like regexp_match regexp_split_to_array string_to_array
	abs ceil ceiling floor round trunc sign mod div power sqrt cbrt exp ln log log10 gcd lcm factorial width_bucket
	degrees radians sin cos tan asin acos atan atan2 pi scale min_scale trim_scale to_number
	to_date to_timestamp make_date make_time make_timestamp make_timestamptz make_interval
	date date_trunc date_part date_bin extract justify_days justify_hours justify_interval isfinite timezone
	array_length array_lower array_upper array_ndims cardinality array_position array_positions array_append
	array_prepend array_cat array_remove array_replace trim_array
	to_jsonb jsonb_array_length jsonb_extract_path jsonb_build_object jsonb_build_array jsonb_strip_nulls
	jsonb_set jsonb_exists jsonb_pretty
	decode sha224 sha256 sha384 sha512 num_nulls num_nonnulls bit_count get_byte uuid_extract_timestamp
	uuid_extract_version`);

/** Every function that a view may call. `age` is not among them for its one-argument form; see `planView`. */
export const viewFunctions: ReadonlySet<string> = new Set([...textFunctions, ...otherFunctions]);

/** Change by themselves, so no change of a row says when a view must be recomputed. */
export const clockFunctions: ReadonlySet<string> = new Set(
	names(`now transaction_timestamp statement_timestamp clock_timestamp timeofday localtime localtimestamp
		current_date current_time current_timestamp age`)
);

export const volatileFunctions: ReadonlySet<string> = new Set(
	names(`random random_normal gen_random_uuid uuidv4 uuidv7 nextval currval setval lastval pg_sleep
		txid_current pg_current_xact_id setseed`)
);

export const aggregateFunctions: ReadonlySet<string> = new Set(
	names(`count sum avg min max array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg
		bool_and bool_or every bit_and bit_or bit_xor any_value stddev stddev_pop stddev_samp variance var_pop
		var_samp corr covar_pop covar_samp regr_slope regr_intercept regr_count regr_r2 percentile_cont
		percentile_disc mode rank dense_rank percent_rank cume_dist range_agg xmlagg grouping`)
);

export const windowFunctions: ReadonlySet<string> = new Set(
	names(`row_number ntile lag lead first_value last_value nth_value`)
);

/** One row in, many rows out. */
export const setFunctions: ReadonlySet<string> = new Set(
	names(`unnest generate_series generate_subscripts jsonb_array_elements jsonb_array_elements_text jsonb_each
		jsonb_each_text jsonb_object_keys jsonb_path_query json_array_elements json_each regexp_matches
		regexp_split_to_table string_to_table jsonb_to_recordset`)
);

/** Operators by name, all immutable under fixed settings over the types that columns have. */
export const viewOperators: ReadonlySet<string> = new Set(
	names(`= <> != < <= > >= + - * / % ^ | & # ~ << >> || |/ ||/ @ -> ->> #> #>> @> <@ ? ?| ?& && #- - ^@
		~* !~ !~* ~~ ~~* !~~ !~~*`)
);

/** Types to cast to: as authors write them, and the name that Postgres's parser gives them. */
export const viewTypes: ReadonlySet<string> = new Set(
	names(`text varchar bpchar int2 int4 int8 smallint integer int bigint numeric decimal float4 float8 real bool boolean
		uuid date time timestamp timestamptz interval bytea jsonb`)
);
