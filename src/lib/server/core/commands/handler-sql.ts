import type { TableSpec } from '#engine/schema';
import { guardStatement, type GuardedStatement } from '#engine/sql';
import { errors } from './errors.ts';
import { typeOfColumn, type PostgresType } from './postgres-types.ts';
import { decodeRows, type Row } from './rows.ts';
import type { CommandTransaction, Described, NamedType, WalledStatement } from './transaction.ts';
import { encodeValue } from './values.ts';

/** A statement of a handler, ready for the wall. */
interface HandlerStatement {
	readonly walled: WalledStatement;
	readonly parameters: readonly PostgresType[];
	/** Without RETURNING its rows only count. */
	readonly returns: boolean;
}

const keptStatements = 500;
const maxLength = 100_000;

const counted: NamedType[] = [{ name: 'counted', type: typeOfColumn({ type: 'boolean', array: false }) }];

/**
 * SQL of one release's handlers: each text is guarded and described once. Kept as long as the release is,
 * because another release may have other types.
 */
export interface HandlerSql {
	query(transaction: CommandTransaction, text: string, values: readonly unknown[]): Promise<Row[]>;
}

export function createHandlerSql(tables: readonly TableSpec[]): HandlerSql {
	const scope = { tables: new Set(tables.map((table) => table.name)), readOnly: new Set(['people']) };
	const statements = new Map<string, HandlerStatement>();

	async function prepare(transaction: CommandTransaction, text: string): Promise<HandlerStatement> {
		const found = statements.get(text);
		if (found) return found;
		if (text.length > maxLength) throw errors.HANDLER_SQL(`A statement has at most ${maxLength} characters.`);
		const outcome = await guardStatement(text, scope);
		if (!outcome.ok) {
			const { message, hint, line, column } = outcome.diagnostics[0]!;
			throw errors.HANDLER_SQL(
				`${message}${hint ? ` ${hint}` : ''} (line ${line}, column ${column} of the statement)`
			);
		}
		const described = await transaction.describe(outcome.statement.text);
		const made = toWalled(outcome.statement, described);
		statements.set(text, made);
		if (statements.size > keptStatements) statements.delete(statements.keys().next().value!);
		return made;
	}

	return {
		async query(transaction, text, values) {
			const { walled, parameters, returns } = await prepare(transaction, text);
			if (values.length !== parameters.length) {
				throw errors.HANDLER_ARGUMENT(
					`The statement has ${parameters.length} parameters, but got ${values.length} values.`
				);
			}
			const encoded = values.map((value, i) => encodeValue(value, parameters[i]!));
			const rows = await transaction.run(walled, encoded);
			return returns ? decodeRows(rows, walled.columns) : [];
		}
	};
}

function toWalled(statement: GuardedStatement, { columns, parameters }: Described): HandlerStatement {
	if (statement.returns && columns.length === 0) throw errors.HANDLER_SQL('The statement returns no column.');
	const text = placeParameters(statement, parameters);
	const writes = statement.kind !== 'select';
	return {
		// On a line of its own: the text may end in a comment.
		walled: statement.returns
			? { text, columns, writes }
			: { text: `${text}\nRETURNING true`, columns: counted, writes },
		parameters,
		returns: statement.returns
	};
}

/** `$3` becomes `($1[3])::uuid`: the wall takes all values as one array of text. */
function placeParameters({ text, parameters }: GuardedStatement, types: readonly PostgresType[]): string {
	let written = '';
	let from = 0;
	for (const { number, start, end } of parameters) {
		written += `${text.slice(from, start)}($1[${number}])::${types[number - 1]!.name}`;
		from = end;
	}
	return written + text.slice(from);
}
