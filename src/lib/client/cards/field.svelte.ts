import type { Json } from '#kernel';
import type { Input, InputDate, InputNumber, InputText, InputTime, Scope } from '#engine/card';
import type { CardRuntime } from './runtime.svelte.ts';
import { momentOf, shownIn } from './typed-value.ts';

/**
 * State of one input. What a person typed stays whatever happens to the data; an input that nobody
 * touched follows the data.
 */
export class Field {
	readonly node: Input;
	readonly scope: Scope;
	readonly #runtime: CardRuntime;
	#typed: string | undefined = $state();
	/** What the data said when the typed value was submitted; another value ends the waiting. */
	#settling: string | undefined = $state();
	#error: string | undefined = $state();

	constructor(node: Input, scope: Scope, runtime: CardRuntime) {
		this.node = node;
		this.scope = scope;
		this.#runtime = runtime;
		this.#typed = runtime.drafts.get(this.key);
	}

	get id(): string {
		return this.node.id?.(this.scope) ?? '';
	}

	/** The same for the same input after a new release or a reordering. */
	get key(): string {
		return this.#runtime.fieldKey(this.scope, this.id);
	}

	get value(): string {
		const bound = this.node.value(this.scope);
		if (this.#typed === undefined) return bound;
		return this.#settling !== undefined && bound !== this.#settling ? bound : this.#typed;
	}

	set value(value: string) {
		this.#typed = value;
		this.#settling = undefined;
		this.#runtime.drafts.set(this.key, value);
		if (this.#error) this.check();
	}

	get error(): string | undefined {
		return this.#error;
	}

	/** Whether the value may be submitted; shows what is wrong. */
	check(): boolean {
		this.#error = problem(this.node, this.scope, this.value);
		return this.#error === undefined;
	}

	/** What a command gets; undefined for an empty field that is left out. */
	payload(): Json | undefined {
		return payload(this.node, this.value, this.#runtime.locale.zone);
	}

	/** After a success: back to the data, as soon as it has moved on. */
	submitted(): void {
		this.#runtime.drafts.delete(this.key);
		if (this.node.value.constant) this.#typed = undefined;
		else this.#settling = this.node.value(this.scope);
		this.#error = undefined;
	}
}

function payload(node: Input, value: string, zone: string | undefined): Json | undefined {
	switch (node.kind) {
		case 'Input.Toggle':
			return node.plain ? value === node.valueOn : value === node.valueOn ? node.valueOn : node.valueOff;
		case 'Input.Number':
			return value.trim() === '' ? undefined : Number(value);
		case 'Input.Date':
			if (value === '') return undefined;
			return node.time ? momentOf(value, zone) : shownIn(node, value, zone);
		case 'Input.Text':
		case 'Input.Time':
			return value === '' ? undefined : value;
		case 'Input.ChoiceSet':
			if (node.multiple && node.asList) return value === '' ? [] : value.split(',');
			return value === '' ? undefined : value;
	}
}

function problem(node: Input, scope: Scope, value: string): string | undefined {
	const found = missing(node, scope, value) ?? (value === '' ? undefined : wrong(node, scope, value));
	return found && (node.errorMessage(scope) || found);
}

function missing(node: Input, scope: Scope, value: string): string | undefined {
	if (!node.required(scope)) return undefined;
	if (node.kind === 'Input.Toggle') return value === node.valueOn ? undefined : 'Please switch this on.';
	if (value.trim() !== '') return undefined;
	return node.kind === 'Input.ChoiceSet' ? 'Please choose.' : 'Please fill this in.';
}

function wrong(node: Input, scope: Scope, value: string): string | undefined {
	switch (node.kind) {
		case 'Input.Text':
			return wrongText(node, value);
		case 'Input.Number':
			return wrongNumber(node, scope, value);
		case 'Input.Date':
		case 'Input.Time':
			return outside(node, scope, value);
		case 'Input.Toggle':
		case 'Input.ChoiceSet':
			return undefined;
	}
}

const emailLike = /^[^\s@]+@[^\s@]+$/;

function wrongText(node: InputText, value: string): string | undefined {
	if (node.maxLength !== undefined && value.length > node.maxLength)
		return `At most ${node.maxLength} characters.`;
	if (node.pattern && !node.pattern.test(value)) return 'This doesn’t have the right form.';
	if (node.style === 'email' && !emailLike.test(value)) return 'This is no e-mail address.';
	return undefined;
}

function wrongNumber(node: InputNumber, scope: Scope, value: string): string | undefined {
	const number = Number(value);
	if (!Number.isFinite(number)) return 'This is no number.';
	const [min, max] = [node.min(scope), node.max(scope)];
	if (min !== undefined && number < min)
		return max === undefined ? `At least ${min}.` : `From ${min} to ${max}.`;
	if (max !== undefined && number > max)
		return min === undefined ? `At most ${max}.` : `From ${min} to ${max}.`;
	return undefined;
}

/** Dates and times compare as text: both are ISO. */
function outside(node: InputDate | InputTime, scope: Scope, value: string): string | undefined {
	const [min, max] = [node.min(scope), node.max(scope)];
	if (min !== undefined && value < min) return `Not before ${min}.`;
	if (max !== undefined && value > max) return `Not after ${max}.`;
	return undefined;
}
