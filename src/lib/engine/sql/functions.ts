import { allowedFunctions } from './guard-functions.ts';

/** What of `pg_catalog` a view may use, by name. */

const names = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Functions that return text. The planner must know them: text turned into a date may say 'now'. */
export const textFunctions: ReadonlySet<string> = new Set(
	names(`
		lower upper initcap casefold trim btrim ltrim rtrim substr substring left right lpad rpad replace translate
		reverse repeat split_part concat concat_ws overlay regexp_replace regexp_substr to_char to_hex to_bin to_oct
		encode md5 chr format quote_literal quote_ident quote_nullable array_to_string jsonb_typeof normalize unistr
		jsonb_extract_path_text jsonb_pretty like_escape similar_to_escape`)
);

/** They change by themselves, so no change of a row says when a view must be recomputed. */
export const clockFunctions: ReadonlySet<string> = new Set(
	names(`now transaction_timestamp statement_timestamp clock_timestamp timeofday localtime localtimestamp
		current_date current_time current_timestamp`)
);

export const volatileFunctions: ReadonlySet<string> = new Set(
	names(`random random_normal gen_random_uuid uuidv4 uuidv7 nextval currval setval lastval pg_sleep
		txid_current pg_current_xact_id setseed`)
);

export const aggregateFunctions: ReadonlySet<string> = new Set(
	names(`count sum avg min max array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg
		bool_and bool_or every bit_and bit_or bit_xor any_value stddev stddev_pop stddev_samp variance var_pop
		var_samp corr covar_pop covar_samp regr_slope regr_intercept regr_count regr_r2 regr_avgx
		regr_avgy regr_sxx regr_sxy regr_syy percentile_cont
		percentile_disc mode rank dense_rank percent_rank cume_dist range_agg xmlagg grouping`)
);

export const windowFunctions: ReadonlySet<string> = new Set(
	names(`row_number ntile lag lead first_value last_value nth_value`)
);

/** One row in, many rows out. */
export const setFunctions: ReadonlySet<string> = new Set(
	names(`unnest generate_series generate_subscripts jsonb_array_elements jsonb_array_elements_text jsonb_each
		jsonb_each_text jsonb_object_keys jsonb_path_query json_array_elements
		json_array_elements_text json_each json_each_text json_object_keys regexp_matches
		regexp_split_to_table string_to_table jsonb_to_recordset`)
);

/**
 * Every function that a view may call: its result depends on its arguments, or also on TimeZone, DateStyle
 * and the like, which are fixed wherever SQL of a view runs.
 */
export const viewFunctions: ReadonlySet<string> = new Set([
	'date',
	...Object.entries(allowedFunctions).flatMap(([name, volatility]) => {
		const steady = volatility === 'immutable' || volatility === 'settings';
		const many = aggregateFunctions.has(name) || windowFunctions.has(name) || setFunctions.has(name);
		return steady && !many && !/^json_|to_json$/.test(name) ? [name] : [];
	})
]);

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
