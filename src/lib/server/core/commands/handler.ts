import type { LiveRelease } from '#core/tenancy';
import { AppError, assert, toAppError, type Json, type Logger } from '#kernel';
import type { Isolates, Program } from '#platform/isolates';
import type { ThrownError } from '#sandbox/protocol';
import { authorReasons, errors } from './errors.ts';
import { createHandlerSql, type HandlerSql } from './handler-sql.ts';
import { tableOperations, type TableOperation } from './handler-tables.ts';
import { checkResponse } from './response.ts';
import { mapStack, withoutMap } from './source-position.ts';
import type { CommandTransaction } from './transaction.ts';
import type { CommandCall, CommandResult } from './types.ts';

/** A command is one transaction of at most so many milliseconds. */
export const commandMs = 5000;

/** What a release's handlers run with, made once. */
interface Prepared {
	readonly program: Program;
	readonly sql: HandlerSql;
	readonly tables: Readonly<Record<string, TableOperation>>;
}

const prepared = new WeakMap<LiveRelease, Prepared>();

function prepare(release: LiveRelease): Prepared {
	const found = prepared.get(release);
	if (found) return found;
	const { tables, bundle } = release.artifact;
	const made = {
		program: {
			key: release.id,
			bundle: withoutMap(bundle),
			tables: [...tables.map((table) => table.name), 'people']
		},
		sql: createHandlerSql(tables),
		tables: tableOperations(tables)
	};
	prepared.set(release, made);
	return made;
}

/**
 * Runs a handler of logic/ in the sandbox. Commits when it has returned, its answer fits its message, and
 * nothing that it asked of the database failed or is still under way.
 */
export async function runHandler(
	call: CommandCall,
	transaction: CommandTransaction,
	{ isolates, log }: { readonly isolates: Isolates; readonly log: Logger }
): Promise<CommandResult> {
	const { method, release, installation, principal, roles } = call;
	assert(method.run.kind === 'handler', 'a method with a handler');
	const { program, sql, tables } = prepare(release);
	const person = principal.id;
	if (person === undefined) throw errors.SIGN_IN_NEEDED('Sign in first: this command acts for a person.');
	let failure: AppError | undefined;

	/** After a failed statement the transaction is lost, whatever the handler makes of the error. */
	async function host(name: string, args: readonly unknown[]): Promise<unknown> {
		try {
			if (failure) throw failure;
			return await capability(name, args);
		} catch (error) {
			failure ??= toAppError(error);
			throw error;
		}
	}

	async function capability(name: string, args: readonly unknown[]): Promise<unknown> {
		if (name === 'db.query' || name === 'db.one') {
			const [text, values] = args;
			if (typeof text !== 'string' || !Array.isArray(values))
				throw errors.HANDLER_ARGUMENT('loam.db takes SQL and its values.');
			const rows = await sql.query(transaction, text, values as unknown[]);
			return name === 'db.one' ? rows[0] : rows;
		}
		if (!Object.hasOwn(tables, name)) throw errors.HANDLER_ARGUMENT(`There is no ${name}.`);
		return tables[name]!(transaction, args);
	}

	const outcome = await isolates.call({
		tenant: installation.id,
		program,
		handler: method.run.file,
		request: JSON.stringify(call.request),
		principal: { id: person, name: principal.name, roles: [...roles] },
		now: Date.now(),
		wallMs: commandMs,
		host,
		onLog: (level, { message, fields }) => log[level](message, { fields })
	});
	if (!outcome.ok) throw thrownError(outcome.thrown, failure, { release, log, file: method.run.file });
	if (failure) throw failure;
	if (outcome.unawaited > 0) throw unawaited(outcome.unawaited);
	const response = JSON.parse(outcome.result) as Json;
	checkResponse(release, method.response, response);
	return { response, txid: await transaction.commit() };
}

function thrownError(
	thrown: ThrownError,
	failure: AppError | undefined,
	{ release, log, file }: { readonly release: LiveRelease; readonly log: Logger; readonly file: string }
): AppError {
	switch (thrown.kind) {
		case 'fail':
			return new AppError({
				code: 'failed_precondition',
				reason: reasonOf(thrown.reason ?? ''),
				message: thrown.message
			});
		case 'missing':
			return errors.HANDLER_UNKNOWN(
				`This action is not there: ${file} has no handler. Its author can publish one.`
			);
		case 'unawaited':
			return unawaited(Number(thrown.message));
		case 'host':
		case 'error':
			if (thrown.kind === 'host' && failure) {
				log.warn('a handler was refused', {
					reason: failure.reason,
					message: failure.message,
					at: mapStack(release, thrown.stack)
				});
				return failure;
			}
			log.error('a handler threw', {
				name: thrown.name,
				message: thrown.message,
				at: mapStack(release, thrown.stack)
			});
			return failure && !authorReasons.has(failure.reason) ? failure : failed();
	}
}

function unawaited(calls: number): AppError {
	return errors.HANDLER_UNAWAITED(
		`The handler returned before ${calls} of its loam.db calls had ended. Await every one.`
	);
}

/** Programs and translations rely on reasons: of one form, and none of ours by accident. */
function reasonOf(text: string): string {
	const reason = text
		.toUpperCase()
		.replace(/[^A-Z0-9]+/g, '_')
		.slice(0, 64);
	return /^[A-Z]/.test(reason) ? reason : 'FAILED';
}

/** All that a caller is told of a fault in the code. */
export function failed(cause?: unknown): AppError {
	return errors.HANDLER_FAILED(
		'This action has a fault and did not finish. Nothing was changed. Its author finds the reason in the log.',
		{},
		cause
	);
}
