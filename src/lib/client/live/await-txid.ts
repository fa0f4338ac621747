import { liveFetch } from './connection.ts';

/**
 * Resolves once every view holds what a transaction did (`Loam-Txid` of a command's answer), also where it
 * changed nothing in any. What it changed in the page's shapes has been sent before.
 */
export async function awaitTxid(txid: string, signal?: AbortSignal): Promise<void> {
	const url = new URL(`/v1/txid/${encodeURIComponent(txid)}`, location.origin);
	const response = await liveFetch(url, signal ? { signal } : {});
	if (!response.ok) throw new Error(`The server does not know when ${txid} is applied: ${response.status}`);
}
