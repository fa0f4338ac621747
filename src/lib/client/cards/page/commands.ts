import type { Json } from '#kernel';
import type { PageData } from '#engine/card';
import { awaitTxid } from '#client/live';
import { call } from '#client/session';
import type { CommandCall } from '../types.ts';

/** The views have it soon; who waits longer goes on, and the change arrives when it does. */
const applyWithin = 2_000;

/**
 * Calls a method of the page's module, and waits until the views hold what it did. Rejects with an
 * error whose message is for people.
 */
export async function runCommand(page: PageData, { verb, request }: CommandCall): Promise<Json> {
	const procedure = Object.hasOwn(page.procedures, verb) ? page.procedures[verb] : undefined;
	if (procedure === undefined) throw new Error(`This module has no command "${verb}" yet.`);
	const { data, txid } = await call<Record<string, Json>>(procedure, request, {
		project: page.project,
		release: page.release
	});
	if (txid !== undefined) await applied(txid);
	return data;
}

async function applied(txid: string): Promise<void> {
	try {
		await awaitTxid(txid, AbortSignal.timeout(applyWithin));
	} catch {
		// The command is done; its change reaches the page by the shape in any case.
	}
}
