import type { Live } from '#core/live';
import type { Sink } from './answer.ts';
import type { Caller } from './caller.ts';
import { errors } from './errors.ts';
import { failure, invalidRequest } from './failures.ts';
import { corsHeaders, jsonType } from './headers.ts';

const waitMs = 20_000;

/**
 * `GET /v1/txid/<txid>`: answers `{"seq"}` once every view holds what that transaction did, also where it
 * changed nothing in any: a writer who waits for its own change in a shape may never see one.
 */
export async function serveTxid(
	{ live }: { readonly live: Live },
	txid: string,
	caller: Caller,
	sink: Sink
): Promise<void> {
	try {
		await caller.becomeCurrent();
		if (!caller.principal) throw errors.SIGN_IN_NEEDED('Sign in first.');
		if (!/^[1-9]\d{0,19}$/.test(txid))
			return sink.send(invalidRequest({ txid: ['must be a transaction id'] }));
		const { seq } = await live.whenApplied(BigInt(txid), waitMs);
		sink.send({
			status: 200,
			headers: { ...corsHeaders, 'content-type': jsonType, 'cache-control': 'no-store' },
			body: JSON.stringify({ seq: String(seq) })
		});
	} catch (error) {
		sink.send(failure(error));
	}
}
