import { describe, expect, test } from 'vitest';
import { Decoder } from './decoder.ts';
import { formatLsn, parseLsn } from './lsn.ts';

/** Builds messages field by field, as the protocol's page lists them. */
class Bytes {
	readonly #parts: Buffer[] = [];
	char(text: string) {
		return this.#add(Buffer.from(text, 'latin1'));
	}
	int8(value: number) {
		return this.#add(Buffer.from([value]));
	}
	int16(value: number) {
		const buffer = Buffer.alloc(2);
		buffer.writeUInt16BE(value);
		return this.#add(buffer);
	}
	int32(value: number) {
		const buffer = Buffer.alloc(4);
		buffer.writeUInt32BE(value >>> 0);
		return this.#add(buffer);
	}
	int64(value: bigint) {
		const buffer = Buffer.alloc(8);
		buffer.writeBigUInt64BE(value);
		return this.#add(buffer);
	}
	string(text: string) {
		return this.#add(Buffer.from(`${text}\0`));
	}
	text(value: string) {
		const buffer = Buffer.from(value);
		return this.char('t').int32(buffer.length).#add(buffer);
	}
	bytes(): Buffer {
		return Buffer.concat(this.#parts);
	}
	#add(part: Buffer): this {
		this.#parts.push(part);
		return this;
	}
}

const relation = new Bytes()
	.char('R')
	.int32(16400)
	.string('i1')
	.string('tickets')
	.char('d')
	.int16(3)
	.int8(1)
	.string('id')
	.int32(23)
	.int32(0xffffffff)
	.int8(0)
	.string('title')
	.int32(25)
	.int32(0xffffffff)
	.int8(0)
	.string('body')
	.int32(25)
	.int32(0xffffffff)
	.bytes();

describe('Decoder', () => {
	test('reads the frame of a transaction', () => {
		const decoder = new Decoder();
		expect(
			decoder.decode(new Bytes().char('B').int64(0x16b374d848n).int64(7n).int32(0xfffffffe).bytes())
		).toEqual({
			kind: 'begin',
			commitLsn: 0x16b374d848n,
			committedAt: 7n,
			xid: 0xfffffffe
		});
		expect(decoder.decode(new Bytes().char('C').int8(0).int64(5n).int64(9n).int64(7n).bytes())).toEqual({
			kind: 'commit',
			commitLsn: 5n,
			endLsn: 9n,
			committedAt: 7n
		});
		expect(decoder.decode(new Bytes().char('O').int64(5n).string('elsewhere').bytes())).toEqual({
			kind: 'origin',
			commitLsn: 5n,
			name: 'elsewhere'
		});
	});

	test('tells NULL, text and unchanged TOAST apart', () => {
		const decoder = new Decoder();
		decoder.decode(relation);
		const message = decoder.decode(
			new Bytes().char('U').int32(16400).char('N').int16(3).text('1').char('n').char('u').bytes()
		);
		expect(message).toMatchObject({ kind: 'update', old: undefined, new: ['1', null, undefined] });
	});

	test('reads old keys and old rows', () => {
		const decoder = new Decoder();
		decoder.decode(relation);
		expect(
			decoder.decode(
				new Bytes()
					.char('U')
					.int32(16400)
					.char('K')
					.int16(3)
					.text('1')
					.char('n')
					.char('n')
					.char('N')
					.int16(3)
					.text('2')
					.text('é')
					.text('')
					.bytes()
			)
		).toMatchObject({ old: { whole: false, values: ['1', null, null] }, new: ['2', 'é', ''] });
		expect(
			decoder.decode(
				new Bytes().char('D').int32(16400).char('O').int16(3).text('1').text('a').text('b').bytes()
			)
		).toMatchObject({ kind: 'delete', old: { whole: true, values: ['1', 'a', 'b'] } });
	});

	test('reads a TRUNCATE of several tables and a message', () => {
		const decoder = new Decoder();
		decoder.decode(relation);
		expect(decoder.decode(new Bytes().char('T').int32(1).int8(3).int32(16400).bytes())).toMatchObject({
			kind: 'truncate',
			relations: [{ schema: 'i1', name: 'tickets' }],
			cascade: true,
			restartIdentity: true
		});
		expect(
			decoder.decode(new Bytes().char('M').int8(0).int64(3n).string('loam').int32(3).char('abc').bytes())
		).toEqual({
			kind: 'message',
			transactional: false,
			lsn: 3n,
			prefix: 'loam',
			content: 'abc'
		});
	});

	test('a later description of a table counts', () => {
		const decoder = new Decoder();
		decoder.decode(relation);
		decoder.decode(
			new Bytes()
				.char('R')
				.int32(16400)
				.string('i1')
				.string('tickets')
				.char('f')
				.int16(1)
				.int8(1)
				.string('id')
				.int32(23)
				.int32(0)
				.bytes()
		);
		expect(
			decoder.decode(new Bytes().char('I').int32(16400).char('N').int16(1).text('1').bytes())
		).toMatchObject({
			relation: { replicaIdentity: 'f', columns: [{ name: 'id', identity: true }] }
		});
	});

	test.each([
		['an unknown message', new Bytes().char('S').bytes()],
		['a row of a table that was not described', new Bytes().char('I').int32(1).char('N').int16(0).bytes()],
		['an unknown kind of column', new Bytes().char('I').int32(16400).char('N').int16(1).char('b').bytes()],
		['a row without its tag', new Bytes().char('I').int32(16400).char('X').bytes()]
	])('refuses %s', (_, bytes) => {
		const decoder = new Decoder();
		decoder.decode(relation);
		expect(() => decoder.decode(bytes)).toThrow(expect.objectContaining({ reason: 'WAL_PROTOCOL' }));
	});
});

test('LSNs read and print as Postgres has them', () => {
	expect(formatLsn(0x16b374d848n)).toBe('16/B374D848');
	expect(parseLsn('16/B374D848')).toBe(0x16b374d848n);
	expect(formatLsn(parseLsn('0/0'))).toBe('0/0');
});
