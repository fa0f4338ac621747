import { AppError, toAppError } from '#kernel';
import { errors } from './errors.ts';

/** What Postgres says with an error; see "Error and Notice Message Fields" in its manual. */
interface PostgresError {
	readonly code?: string;
	readonly message: string;
	readonly detail?: string;
	readonly hint?: string;
	readonly table?: string;
	readonly column?: string;
	readonly constraint?: string;
}

/**
 * An error of Postgres in words for whoever can mend it. Rules of the data become errors that name the
 * field; faults of the statement are the author's (`authorReasons`); of hosts and connections nothing is said.
 */
export function databaseError(error: unknown): AppError {
	if (error instanceof AppError) return error;
	const said = error as PostgresError;
	const code = said.code ?? '';
	switch (code) {
		case '23505':
			return uniqueError(said);
		case '23503':
			return referenceError(said);
		case '23502':
			return errors.FIELD_REQUIRED(
				`${said.column ?? 'A field'} must be given.`,
				fieldMeta(said, said.column)
			);
		case '23514':
			return checkError(said);
		case '57014':
		case '25P04':
			return errors.COMMAND_TIMEOUT('The command took too long and was stopped. Nothing was changed.');
		case '40001':
		case '40P01':
		case '55P03':
			return errors.COMMAND_CONFLICT(
				'Somebody else changed the same thing at the same moment. Nothing was changed; please try again.'
			);
	}
	if (/^22/.test(code)) return errors.FIELD_INVALID(`A value cannot be used: ${said.message}.`, {}, error);
	if (/^(42|0A|21|25|2F|3F|54)/.test(code)) {
		const hint = said.hint ? ` ${said.hint}` : '';
		return errors.HANDLER_SQL(`${sentence(said.message)}${hint}`, { sqlstate: code }, error);
	}
	// Without a SQLSTATE it is the connection that speaks.
	if (code === '' || /^(08|53|57|58)/.test(code)) {
		return errors.DATABASE_UNAVAILABLE(
			'The database cannot be reached right now. Nothing was changed; please try again in a moment.',
			{},
			error
		);
	}
	return toAppError(error);
}

function sentence(text: string): string {
	return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function uniqueError(said: PostgresError): AppError {
	const fields = keyFields(said.detail);
	return errors.ROW_EXISTS(
		fields.length > 0
			? `There is one with this ${fields.join(' and ')} already.`
			: 'There is one of the same kind already.',
		{ fields, table: said.table },
		said
	);
}

/** `Key (project)=(x) is not present in table "projects".`, or `… is still referenced from table "tickets".` */
function referenceError(said: PostgresError): AppError {
	const fields = keyFields(said.detail);
	const other = /table "([^"]+)"/.exec(said.detail ?? '')?.[1];
	if (/still referenced/.test(said.detail ?? '')) {
		return errors.ROW_IN_USE(
			`It is still used by ${other ?? 'something else'}. Remove that first.`,
			{ table: other },
			said
		);
	}
	return errors.ROW_REFERENCE(
		`${fields.join(' and ') || 'A field'} names something in ${other ?? 'another table'} that is not there.`,
		{ fields, table: said.table, other },
		said
	);
}

/** Checks are named `table_column_check`, and numbered where a column has several. */
function checkError(said: PostgresError): AppError {
	const prefix = `${said.table}_`;
	const name = said.constraint ?? '';
	const ending = /_check\d*$/.exec(name);
	const field = name.startsWith(prefix) && ending ? name.slice(prefix.length, ending.index) : undefined;
	return errors.FIELD_INVALID(
		field ? `${field} has a value that is not allowed.` : `A rule of the data does not hold: ${name}.`,
		{ ...fieldMeta(said, field), constraint: name },
		said
	);
}

function fieldMeta({ table }: PostgresError, field: string | undefined) {
	return field === undefined ? {} : { fields: [field], table };
}

/** `Key (a, lower(b))=(…) …` -> `a`, `lower(b)` */
function keyFields(detail: string | undefined): string[] {
	const list = /^Key \((.*?)\)=\(/.exec(detail ?? '')?.[1];
	return list ? list.split(', ').map((field) => field.replaceAll('"', '')) : [];
}
