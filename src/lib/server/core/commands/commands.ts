import type { Logger } from '#kernel';
import { AppError } from '#kernel';
import type { Isolates } from '#platform/isolates';
import type { Postgres } from '#platform/postgres';
import { authorReasons, errors } from './errors.ts';
import { commandMs, failed, runHandler } from './handler.ts';
import { runStandard } from './standard.ts';
import { tenantShares } from './tenant-share.ts';
import { createFixedStatements } from './fixed-statements.ts';
import { openTransaction } from './transaction.ts';
import type { CommandCall, CommandResult, Commands } from './types.ts';

/** Of the 16 connections for commands, so many for one tenant (rule 34 of the data rules). */
const connectionsOfTenant = 8;

export interface CommandServices {
	readonly postgres: Postgres;
	readonly isolates: Isolates;
	readonly log: Logger;
}

/** Handlers and standard methods, each call one transaction behind the wall of its installation. */
export function createCommands({ postgres, isolates, log }: CommandServices): Commands {
	const fixed = createFixedStatements(postgres, log);
	const admit = tenantShares(connectionsOfTenant, commandMs);

	async function run(call: CommandCall): Promise<CommandResult> {
		const { installation, release, method } = call;
		const fields = {
			project: installation.project.path,
			module: installation.module,
			release: release.shortHash,
			method: method.name
		};
		const callLog = log.child('core/commands', fields);
		const transaction = openTransaction(installation, {
			pool: postgres.commands,
			fixed,
			aside: postgres.app,
			admit: () => admit(installation.id),
			tables: release.artifact.tables
		});
		try {
			return method.run.kind === 'handler'
				? await runHandler(call, transaction, { isolates, log: callLog })
				: await withinTime(runStandard(call, transaction));
		} catch (error) {
			await transaction.rollback();
			if (error instanceof AppError && authorReasons.has(error.reason)) {
				callLog.error('a command has a fault', { reason: error.reason, problem: error.message });
				throw failed(error);
			}
			throw error;
		}
	}

	return { run };
}

/** The sandbox keeps its own time; this is for what runs without it. */
function withinTime<T>(work: Promise<T>): Promise<T> {
	return new Promise((resolve, reject) => {
		const timer = setTimeout(
			() => reject(errors.COMMAND_TIMEOUT('The command took too long and was stopped. Nothing was changed.')),
			commandMs + 500
		);
		work.then(resolve, reject).finally(() => clearTimeout(timer));
	});
}
