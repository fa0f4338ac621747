/** What a run of random views has seen, by construct: what was kept, what was refused, how often it was checked. */
export class ViewReport {
	readonly #constructs = new Map<string, { accepted: number; refused: number; batches: number }>();
	readonly #refusals = new Map<string, { count: number; sql: string }>();
	views = 0;
	accepted = 0;
	/** Not valid, or not computable, in Postgres itself. */
	invalid = 0;
	/** Cases that were left where Postgres itself took too long. */
	heavy = 0;
	/** Transactions after which at least one view was compared. */
	transactions = 0;
	/** Comparisons of a view with its SELECT after a transaction. */
	batches = 0;
	/** Positions of the running maintainer of which a view was compared. */
	positions = 0;

	view(constructs: Iterable<string>, isAccepted: boolean): void {
		this.views++;
		if (isAccepted) this.accepted++;
		for (const name of constructs) {
			const row = this.#row(name);
			if (isAccepted) row.accepted++;
			else row.refused++;
		}
	}

	refusal(reason: string, message: string, sql: string): void {
		// One refusal for all names and numbers.
		const key = `${reason}: ${message.replace(/"[^"]*"|\d+/g, '…')}`;
		const known = this.#refusals.get(key);
		this.#refusals.set(key, {
			count: (known?.count ?? 0) + 1,
			sql: known && known.sql.length <= sql.length ? known.sql : sql
		});
	}

	checked(constructs: Iterable<string>): void {
		this.batches++;
		for (const name of constructs) this.#row(name).batches++;
	}

	#row(name: string) {
		const row = this.#constructs.get(name) ?? { accepted: 0, refused: 0, batches: 0 };
		this.#constructs.set(name, row);
		return row;
	}

	/** A table by construct, and why views were refused. */
	table(): string {
		const rows = [...this.#constructs].sort(([a], [b]) => (a < b ? -1 : 1));
		const lines = [
			['construct', 'accepted', 'refused', 'batches checked'],
			...rows.map(([name, row]) => [name, row.accepted, row.refused, row.batches].map(String))
		];
		const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
		const table = lines.map((line) =>
			line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')
		);
		const refusals = [...this.#refusals].sort(([, a], [, b]) => b.count - a.count);
		return [
			...table,
			...(refusals.length > 0 ? ['', 'refused, and the shortest of its kind:'] : []),
			...refusals.map(([key, { count, sql }]) => `${String(count).padStart(6)}  ${key}\n        ${sql}`)
		].join('\n');
	}
}
