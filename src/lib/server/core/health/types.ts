/**
 * `ready`: all is as it should be. `degraded`: this node serves, but something needs a look. `unavailable`:
 * it can't serve; another node might.
 */
export type HealthStatus = 'ready' | 'degraded' | 'unavailable';

/** What may be wrong, by a name that stays the same. */
export type ConditionName =
	/** PostgreSQL can't be reached. */
	| 'database'
	/** It is short of connections, or of disk. */
	| 'connections'
	| 'disk'
	/** This node has the views to maintain, and can't. */
	| 'maintenance'
	/** No node maintains the views. */
	| 'lease'
	/** The views lag behind. */
	| 'lag'
	/** Changes were lost: views are being rebuilt. */
	| 'changes'
	/** The journal of changes can't be tidied. */
	| 'journal'
	/** Somebody keeps PostgreSQL from cleaning up. */
	| 'vacuum';

export interface Problem {
	readonly name: ConditionName;
	/** What is wrong and, where anybody can do something about it, what; for everybody's eyes. */
	readonly message: string;
	readonly since: Date;
}

export interface HealthState {
	readonly status: HealthStatus;
	/** The oldest first. */
	readonly problems: readonly Problem[];
}
