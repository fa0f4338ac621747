/** Words that Postgres does not read as a bare column's name. */
export const reserved: ReadonlySet<string> = new Set(
	(
		'all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create ' +
		'current_catalog current_date current_role current_time current_timestamp current_user default deferrable ' +
		'desc distinct do else end except false fetch for foreign from grant group having in initially intersect ' +
		'into lateral leading limit localtime localtimestamp not null offset on only or order placing primary ' +
		'references returning select session_user some symmetric system_user table then to trailing true union ' +
		'unique user using variadic when where window with ' +
		'authorization binary collation concurrently cross current_schema freeze full ilike inner is isnull join ' +
		'left like natural notnull outer overlaps right similar tablesample verbose'
	).split(' ')
);

/** Words whose value is of the moment or of the session, so that a filter with them is never settled. */
export const momentary: ReadonlySet<string> = new Set(
	(
		'current_catalog current_date current_role current_schema current_time current_timestamp current_user ' +
		'localtime localtimestamp session_user system_user user now'
	).split(' ')
);
