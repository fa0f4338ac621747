import { describe, expect, test } from 'vitest';
import { call, CallError } from './index.ts';

const answering = (status: number, body: string, headers: Record<string, string> = {}) => {
	const seen: { url: string; init: RequestInit }[] = [];
	const fake = (url: unknown, init: unknown) => {
		seen.push({ url: String(url), init: init as RequestInit });
		return Promise.resolve(new Response(body, { status, headers }));
	};
	return { seen, fetch: fake as typeof fetch };
};

describe('call', () => {
	test('says project and release, and answers data and txid', async () => {
		const { seen, fetch } = answering(200, '{"id":"1"}', { 'loam-txid': '42' });
		const answer = await call(
			'desk.Desk/Close',
			{ id: '1' },
			{ project: 'home/main', release: 'abc', fetch }
		);
		expect(answer).toEqual({ data: { id: '1' }, txid: '42' });
		expect(seen[0]).toMatchObject({
			url: '/desk.Desk/Close',
			init: {
				method: 'POST',
				headers: { 'loam-project': 'home/main', 'loam-release': 'abc' },
				body: '{"id":"1"}'
			}
		});
	});

	test('rejects with code, reason and meta', async () => {
		const detail = {
			type: 'loam.v1.ErrorInfo',
			value: '',
			debug: { reason: 'ROLE_UNKNOWN', meta: { role: 'x' } }
		};
		const { fetch } = answering(
			400,
			JSON.stringify({ code: 'invalid_argument', message: 'No.', details: [detail] })
		);
		const error = await call('a.B/C', {}, { fetch }).catch((e: unknown) => e);
		expect(error).toBeInstanceOf(CallError);
		expect(error).toMatchObject({
			code: 'invalid_argument',
			reason: 'ROLE_UNKNOWN',
			meta: { role: 'x' },
			message: 'No.'
		});
	});

	test('a proxy that answers with a page is no riddle', async () => {
		const { fetch } = answering(502, '<html>');
		await expect(call('a.B/C', {}, { fetch })).rejects.toMatchObject({
			code: 'unknown',
			message: expect.stringContaining('502')
		});
	});

	test('no network is told as such', async () => {
		const fetch = () => Promise.reject(new TypeError('failed'));
		await expect(call('a.B/C', {}, { fetch })).rejects.toMatchObject({ reason: 'OFFLINE' });
	});
});
