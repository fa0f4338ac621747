import { SvelteMap } from 'svelte/reactivity';
import type { Json } from '#kernel';
import {
	ItemScope,
	rootScope,
	stringify,
	type Execute,
	type Locale,
	type Read,
	type Scope,
	type Then,
	type ToggleVisibility
} from '#engine/card';
import type { Field } from './field.svelte.ts';
import { rowKey } from './row-keys.ts';
import { browserLocale } from './browser-locale.ts';
import type { CardHost } from './types.ts';

/** A field and what it is drawn in. */
interface Registered {
	readonly field: Field;
	readonly box: HTMLElement;
}

/** Something to be confirmed before a command runs. */
export interface Question {
	readonly message: string;
	/** Of the action. */
	readonly title: string;
	readonly answer: (yes: boolean) => void;
}

/** State of one shown card that outlives its compiled form: what was typed, shown and hidden. */
export class CardRuntime {
	readonly host: CardHost;
	/** The same object always; what reads a field of it follows that field. */
	readonly locale: Locale;
	/** What was typed and not yet submitted, by field key; survives a new release of the page. */
	readonly drafts = new Map<string, string>();
	/** Keys of the actions whose card is shown; they survive it too. */
	readonly opened = new Set<string>();
	readonly #shown = new SvelteMap<string, boolean>();
	/** Whether each element with an id was visible when it was last drawn. */
	readonly #last = new Map<string, boolean>();
	readonly #fields = new Set<Registered>();
	/** What closes each card that an action shows, by the scope inside it. */
	readonly #showCards = new WeakMap<Scope, () => void>();

	#question: Question | undefined = $state.raw();

	constructor(host: CardHost) {
		this.host = host;
		this.locale = host.locale ?? browserLocale();
	}

	/** Whether an element with an id that actions toggle is hidden. */
	hidden(id: Read<string> | undefined, visible: Read<boolean> | undefined, scope: Scope): boolean {
		const name = id?.(scope);
		const shown = (name === undefined ? undefined : this.#shown.get(name)) ?? visible?.(scope) ?? true;
		if (name !== undefined) this.#last.set(name, shown);
		return !shown;
	}

	toggle(action: ToggleVisibility): void {
		for (const { id, visible } of action.targets)
			this.#shown.set(id, visible ?? !(this.#last.get(id) ?? true));
	}

	/**
	 * The scope inside a card that an action shows: its inputs are sent by its own actions only, and a
	 * command of it that succeeds closes it.
	 */
	showCardScope(outer: Scope, close: () => void): Scope {
		const scope = new ItemScope(
			outer,
			() => outer.data,
			() => outer.index
		);
		this.#showCards.set(scope, close);
		return scope;
	}

	register(field: Field, box: HTMLElement): () => void {
		const entry = { field, box };
		this.#fields.add(entry);
		return () => this.#fields.delete(entry);
	}

	/** Key of the field that an element belongs to. */
	fieldAround(element: Element): string | undefined {
		return [...this.#fields].find(({ box }) => box.contains(element))?.field.key;
	}

	boxOf(key: string): HTMLElement | undefined {
		return [...this.#fields].find(({ field }) => field.key === key)?.box;
	}

	fieldKey(scope: Scope, id: string): string {
		const keys: string[] = [];
		for (let at: Scope | undefined = scope; at instanceof ItemScope; at = at.outer) {
			keys.push(rowKey(at.data) ?? String(at.index ?? ''));
		}
		return [...keys.reverse(), id].join('/');
	}

	/**
	 * Checks the inputs around the action, calls its command and does what is to follow. Resolves to
	 * whether the command succeeded; what went wrong has been shown.
	 */
	async execute(action: Execute, scope: Scope): Promise<boolean> {
		const entries = action.inputs ? this.#inputsOf(scope) : [];
		const wrong = entries.filter(({ field }) => !field.check());
		if (wrong.length > 0) {
			wrong[0]!.box.querySelector<HTMLElement>('input, select, textarea')?.focus();
			return false;
		}
		const verb = action.verb(scope);
		if (verb === undefined) {
			this.host.notify('info', 'This action has no command yet.');
			return false;
		}
		const question = action.confirm?.(scope);
		if (question && !(await this.#ask(question, action.title(scope)))) return false;
		const request = { ...dataOf(action, scope), ...valuesOf(entries) };
		const sent = new Map(entries.map(({ field }) => [field, field.value]));
		try {
			const response = await this.host.run({ verb, request });
			for (const [field, value] of sent) if (field.value === value) field.submitted();
			this.#follow(action.then, scope, response);
			this.#closeAround(scope);
			return true;
		} catch (error) {
			this.host.notify('danger', error instanceof Error ? error.message : String(error));
			return false;
		}
	}

	/** What is being asked, for the card to show. */
	get question(): Question | undefined {
		return this.#question;
	}

	#ask(message: string, title: string): Promise<boolean> {
		return new Promise((resolve) => {
			const answer = (yes: boolean) => {
				this.#question = undefined;
				resolve(yes);
			};
			this.#question = { message, title, answer };
		});
	}

	#follow(then: Then | undefined, scope: Scope, response: Json): void {
		if (!then) return;
		const inner = responseScope(scope, response);
		const [message, url] = [then.message?.(inner), then.open?.(inner)];
		if (message !== undefined && message !== null) this.host.notify('good', stringify(message));
		if (typeof url === 'string' && url !== '') this.host.open(url);
	}

	#closeAround(scope: Scope): void {
		const shown = chain(scope).find((at) => this.#showCards.has(at));
		if (shown) this.#showCards.get(shown)!();
	}

	/** Inputs of the action's own scope, of those around it, and of what is inside it, but of no other card. */
	#inputsOf(scope: Scope): Registered[] {
		const around = new Set(chain(scope));
		return [...this.#fields].filter(({ field }) => {
			if (field.id === '') return false;
			if (around.has(field.scope)) return true;
			for (const at of chain(field.scope)) {
				if (at === scope) return true;
				if (this.#showCards.has(at)) return false;
			}
			return false;
		});
	}
}

/** `$response` beside what was there. */
function responseScope(scope: Scope, response: Json): Scope {
	return {
		...rootScope(scope.root, scope.host),
		data: scope.data,
		index: scope.index,
		locals: { $response: response }
	};
}

function chain(scope: Scope): Scope[] {
	const scopes: Scope[] = [scope];
	for (let at = scope; at instanceof ItemScope; at = at.outer) scopes.push(at.outer);
	return scopes;
}

/** `verb` in a Submit's data names the command and is no part of the request. */
function dataOf(action: Execute, scope: Scope): Record<string, Json> {
	const data = action.data(scope);
	if (typeof data !== 'object' || data === null || Array.isArray(data)) return {};
	const { verb, ...rest } = data as Record<string, Json>;
	return action.kind === 'Action.Submit' || verb === undefined ? rest : { verb, ...rest };
}

function valuesOf(entries: readonly Registered[]): Record<string, Json> {
	const values: Record<string, Json> = {};
	for (const { field } of entries) {
		const value = field.payload();
		if (value !== undefined) values[field.id] = value;
	}
	return values;
}
