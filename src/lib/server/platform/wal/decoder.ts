import { errors } from './errors.ts';
import type { OldTuple, Relation, RelationColumn, Tuple, WalMessage } from './messages.ts';
import { ByteReader } from './reader.ts';

/**
 * Decodes the messages of one connection. Stateful: rows name their table by an id that an earlier
 * Relation message described. Strings are copied out, so the buffer may be reused afterwards.
 */
export class Decoder {
	readonly #relations = new Map<number, Relation>();

	/** Throws WAL_PROTOCOL for what proto_version 1 does not have. */
	decode(buffer: Buffer, at = 0): WalMessage {
		const reader = new ByteReader(buffer, at);
		const tag = reader.char();
		switch (tag) {
			case 'B':
				return {
					kind: 'begin',
					commitLsn: reader.uint64(),
					committedAt: reader.uint64(),
					xid: reader.uint32()
				};
			case 'C':
				reader.uint8();
				return {
					kind: 'commit',
					commitLsn: reader.uint64(),
					endLsn: reader.uint64(),
					committedAt: reader.uint64()
				};
			case 'O':
				return { kind: 'origin', commitLsn: reader.uint64(), name: reader.cstring() };
			case 'R':
				return this.#remember(readRelation(reader));
			case 'Y':
				return { kind: 'type', id: reader.uint32(), schema: reader.cstring(), name: reader.cstring() };
			case 'I':
				return this.#insert(reader);
			case 'U':
				return this.#update(reader);
			case 'D':
				return this.#delete(reader);
			case 'T':
				return this.#truncate(reader);
			case 'M':
				return readMessage(reader);
			default:
				throw errors.WAL_PROTOCOL(`PostgreSQL sent an unknown replication message "${tag}".`, { tag });
		}
	}

	#remember(relation: Relation): Relation {
		this.#relations.set(relation.id, relation);
		return relation;
	}

	#relation(id: number): Relation {
		const relation = this.#relations.get(id);
		if (!relation)
			throw errors.WAL_PROTOCOL('PostgreSQL sent a row of a table that it did not describe.', { id });
		return relation;
	}

	#insert(reader: ByteReader): WalMessage {
		const relation = this.#relation(reader.uint32());
		expectTag(reader.char(), 'N');
		return { kind: 'insert', relation, new: readTuple(reader) };
	}

	#update(reader: ByteReader): WalMessage {
		const relation = this.#relation(reader.uint32());
		const tag = reader.char();
		if (tag === 'N') return { kind: 'update', relation, old: undefined, new: readTuple(reader) };
		const old = readOld(reader, tag);
		expectTag(reader.char(), 'N');
		return { kind: 'update', relation, old, new: readTuple(reader) };
	}

	#delete(reader: ByteReader): WalMessage {
		const relation = this.#relation(reader.uint32());
		return { kind: 'delete', relation, old: readOld(reader, reader.char()) };
	}

	#truncate(reader: ByteReader): WalMessage {
		const count = reader.uint32();
		const options = reader.uint8();
		const relations = Array.from({ length: count }, () => this.#relation(reader.uint32()));
		return {
			kind: 'truncate',
			relations,
			cascade: (options & 1) !== 0,
			restartIdentity: (options & 2) !== 0
		};
	}
}

function readRelation(reader: ByteReader): Relation {
	const id = reader.uint32();
	// pg_catalog is sent as the empty string
	const schema = reader.cstring() || 'pg_catalog';
	const name = reader.cstring();
	const replicaIdentity = reader.char();
	const columns = Array.from({ length: reader.uint16() }, (): RelationColumn => ({
		identity: (reader.uint8() & 1) !== 0,
		name: reader.cstring(),
		typeOid: reader.uint32(),
		typeModifier: reader.int32()
	}));
	return { kind: 'relation', id, schema, name, replicaIdentity, columns };
}

function readOld(reader: ByteReader, tag: string): OldTuple {
	if (tag !== 'K' && tag !== 'O') expectTag(tag, 'K or O');
	return { whole: tag === 'O', values: readTuple(reader) };
}

function readTuple(reader: ByteReader): Tuple {
	const count = reader.uint16();
	const values = new Array<string | null | undefined>(count);
	for (let i = 0; i < count; i++) values[i] = readValue(reader);
	return values;
}

function readValue(reader: ByteReader): string | null | undefined {
	const tag = reader.char();
	switch (tag) {
		case 'n':
			return null;
		case 'u':
			return undefined;
		case 't':
			return reader.text(reader.uint32());
		default:
			throw errors.WAL_PROTOCOL(`PostgreSQL sent a column of the unknown kind "${tag}".`, { tag });
	}
}

function readMessage(reader: ByteReader): WalMessage {
	const transactional = (reader.uint8() & 1) !== 0;
	const lsn = reader.uint64();
	const prefix = reader.cstring();
	return { kind: 'message', transactional, lsn, prefix, content: reader.text(reader.uint32()) };
}

function expectTag(tag: string, expected: string): void {
	if (tag !== expected) {
		throw errors.WAL_PROTOCOL(`PostgreSQL sent "${tag}" where "${expected}" was expected.`, {
			tag,
			expected
		});
	}
}
