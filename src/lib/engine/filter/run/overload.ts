import type { SqlType } from '../types.ts';
import type { Present, Value } from '../value/value.ts';

/** One meaning of an operator or a function, for operands of these types. */
export interface Overload {
	/** What the operands are made before it runs. */
	readonly takes: readonly SqlType[];
	readonly gives: SqlType;
	/** Whether some values make Postgres answer with an error. */
	readonly mayFail: boolean;
	/** Whether an operand may be NULL; otherwise the result is NULL where one is, without a run. */
	readonly takesNull?: true;
	run(...operands: Present[]): Value;
}

/** Types of the operands; undefined for a value that takes its type from beside it. */
export type OperandTypes = readonly (SqlType | undefined)[];

/** An overload whose operands are known to be of a type that `run` takes. */
export function overload<A extends Present>(
	takes: readonly SqlType[],
	gives: SqlType,
	run: (...operands: A[]) => Value,
	mayFail = false
): Overload {
	return { takes, gives, mayFail, run: run as unknown as Overload['run'] };
}

/** One that has an answer for NULL, too. */
export function openOverload<A extends Value>(
	takes: readonly SqlType[],
	gives: SqlType,
	run: (...operands: A[]) => Value,
	mayFail = false
): Overload {
	return { takes, gives, mayFail, takesNull: true, run: run as unknown as Overload['run'] };
}
