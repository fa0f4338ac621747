import { describe, expect, test } from 'vitest';
import { parseSnapshot, type SourceTransaction, type TableChanges } from '#core/cdc';
import { Inbox } from './inbox.ts';

function changes(keys: number): TableChanges {
	const made = {
		schema: 'i1',
		table: 'tickets',
		keys: new Map(
			Array.from({ length: keys }, (_, n) => [String(n), [String(n)]] as const)
		) as TableChanges['keys'],
		rows: undefined,
		collapse() {
			made.keys = undefined;
		}
	};
	return made;
}

function transaction(xid: bigint, commitLsn: bigint, keys = 1): SourceTransaction {
	return { xid, commitLsn, endLsn: commitLsn + 5n, tables: new Map([['i1.tickets', changes(keys)]]) };
}

describe('Inbox', () => {
	test('acknowledges below the lowest commit that is carried over', () => {
		const inbox = new Inbox();
		const [a, b, c] = [transaction(10n, 100n), transaction(12n, 110n), transaction(11n, 120n)];
		for (const each of [a, b, c]) inbox.add(each);
		expect(inbox.durable).toBe(99n);
		// 12 is in the WAL, and not seen yet
		const seen = inbox.seenBy(parseSnapshot('12:13:12'));
		expect(seen).toEqual([a, c]);
		inbox.remove(seen);
		expect(inbox.durable).toBe(109n);
		inbox.remove([b]);
		expect(inbox.durable).toBe(125n);
	});

	test('knows when all that came before a moment is done, also what was skipped', () => {
		const inbox = new Inbox();
		const early = transaction(10n, 100n);
		inbox.add(early);
		inbox.skip(transaction(9n, 105n));
		const moment = inbox.received;
		const late = transaction(11n, 110n);
		inbox.add(late);
		expect(inbox.isDoneUpTo(moment)).toBe(false);
		inbox.remove([early]);
		expect(inbox.isDoneUpTo(moment)).toBe(true);
		expect(inbox.durable).toBe(109n);
	});

	test('says "all of it" for a table whose backlog is past listing', () => {
		const inbox = new Inbox();
		for (let n = 0; n < 25; n++) {
			inbox.add(transaction(BigInt(n), BigInt(n * 10), 9000));
			inbox.compact();
		}
		expect(inbox.isFull).toBe(false);
		expect(inbox.transactions[0]!.tables.get('i1.tickets')!.keys).toBeUndefined();
		expect(inbox.transactions).toHaveLength(25);
	});
});
