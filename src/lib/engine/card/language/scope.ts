/**
 * What an expression can see. The members may be getters over signals: reading one is what makes the
 * reader depend on it, so nothing here is copied.
 */
export interface Scope {
	/** `$root` */
	readonly root: unknown;
	/** `$data`; a bare name is a property of it. */
	readonly data: unknown;
	/** `$index` in the innermost repetition. */
	readonly index: number | undefined;
	/** `$host` */
	readonly host: unknown;
	/** Parameters of the lambdas around. */
	readonly locals?: Readonly<Record<string, unknown>> | undefined;
}

export function rootScope(root: unknown, host: unknown = undefined): Scope {
	return { root, data: root, index: undefined, host };
}

/** The scope of one item; `item` and `index` are called at each reading. */
export class ItemScope implements Scope {
	/** The scope around the repetition. */
	readonly outer: Scope;
	readonly #item: () => unknown;
	readonly #index: () => number | undefined;

	constructor(outer: Scope, item: () => unknown, index: () => number | undefined) {
		this.outer = outer;
		this.#item = item;
		this.#index = index;
	}
	get root(): unknown {
		return this.outer.root;
	}
	get host(): unknown {
		return this.outer.host;
	}
	get data(): unknown {
		return this.#item();
	}
	get index(): number | undefined {
		return this.#index();
	}
}

export function withLocal(scope: Scope, name: string, value: unknown): Scope {
	return {
		root: scope.root,
		data: scope.data,
		index: scope.index,
		host: scope.host,
		locals: { ...scope.locals, [name]: value }
	};
}
