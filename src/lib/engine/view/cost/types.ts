/**
 * What it costs to keep a view: its stages, and the way of a change of each table through them. Plain data,
 * made of the plan alone; sizes come from Postgres afterwards (`Measure`).
 */
export interface ViewCost {
	/** Each after those that it reads; the last is the view itself. */
	readonly stages: readonly StageCost[];
	/** One for each place in which a table stands, in the order of the stages. */
	readonly changes: readonly ChangeCost[];
	/** What to ask Postgres, so that amounts become numbers. */
	readonly measures: readonly Measure[];
}

export interface StageCost {
	readonly hash: string;
	/** As the author knows it: `cte totals`, or the view's name. */
	readonly title: string;
	/** A view of the module, that it shares with others. */
	readonly isView: boolean;
	readonly kind: StageKind;
	/** What it does, a sentence without a full stop: `Groups tickets by project_id`. */
	readonly does: string;
	readonly reads: readonly Relation[];
}

/** `through`: rows of one table, evaluated as they change; nothing is stored. */
export type StageKind = 'through' | 'rows' | 'groups' | 'windows' | 'first' | 'union';

export type Relation =
	{ readonly kind: 'table'; readonly name: string } | { readonly kind: 'stage'; readonly hash: string };

/** What a change of one row of a table does, where the table stands in one place of the view. */
export interface ChangeCost {
	readonly table: string;
	/** What the author calls it there. */
	readonly alias: string;
	/** Hash of the stage in whose FROM it stands. */
	readonly stage: string;
	/** In the order in which the change goes through them; a stage with groups has two. */
	readonly steps: readonly Step[];
}

/**
 * - `row`: the one row that the changed row is part of.
 * - `first`: the first rows in an order, found by an index.
 * - `group`: the changed rows are added to their groups, and taken from them.
 * - `matches`: the rows that the changed row joins.
 * - `extreme`: as `group`, and the group is read again where its least or greatest value has gone.
 * - `regroup`: the rows of the group are read again.
 * - `partition`: the rows of the partition are computed again.
 * - `all`: everything is computed again.
 */
export type CostClass = 'row' | 'first' | 'group' | 'matches' | 'extreme' | 'regroup' | 'partition' | 'all';

/** Amounts are for each changed row that comes into the stage. */
export interface Step {
	readonly stage: string;
	/** The stage that handed the change on; absent: it is a row of the table. */
	readonly from?: string;
	readonly class: CostClass;
	/** What is looked up on the way. */
	readonly hops: readonly Hop[];
	/** Rows that are computed or read again; of `extreme`, where it has to read at all. */
	readonly rows: Amount;
	/** They are no more than this, whatever changed. */
	readonly most?: Amount;
	/** Changed rows that go on from here: at most so many. */
	readonly gives: Amount;
}

/** Rows of a relation that are found from those known. */
export interface Hop {
	readonly relation: Relation;
	/** By which of its columns, or an expression of them (`expressionOf`); none: all of it is read. */
	readonly columns: readonly string[];
	/** `some`: rows that follow from the row itself, as those of `unnest()`. */
	readonly finds: 'one' | 'matches' | 'all' | 'some';
	/**
	 * `own`: Loam has an index for it. `table`: an index of the module has to serve it. `none`: nothing can; it
	 * is read as a whole.
	 */
	readonly index: 'own' | 'table' | 'none';
	/** How many it finds, where columns do not tell. */
	readonly rows?: Amount;
	/** A subquery in an expression looks there, for each row that is computed: at most at so many. */
	readonly looks?: Amount;
}

/** A product of factors; none is one. */
export type Amount = readonly Factor[];

/** A number, or what a measure says; where `by` is given, divided by that. */
export type Factor = number | { readonly rows: string; readonly by?: string };

/** A number of rows that Postgres's planner can tell. */
export interface Measure {
	/** What amounts name it by. */
	readonly key: string;
	/** A SELECT with that many rows, over `{data}`; for EXPLAIN. */
	readonly sql: string;
}
