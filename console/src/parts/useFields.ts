import { useState, type FormEvent } from 'react';

/** The errors of fields, by name. */
export type Errors<Name extends string> = Partial<Record<Name, string | undefined>>;

/**
 * Reads a form's fields when it is submitted, and passes them on if there is no error; otherwise focuses the first
 * wrong field. The error of a field disappears when the field is changed.
 */
export function useFields<Name extends string>(
  names: readonly Name[],
  check: (values: Record<Name, string>) => Errors<Name>,
  submit: (values: Record<Name, string>) => void,
) {
  const [errors, setErrors] = useState<Errors<Name>>({});
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const data = new FormData(form);
    const values = Object.fromEntries(names.map((name) => [name, String(data.get(name) ?? '')])) as Record<Name, string>;
    const found = check(values);
    setErrors(found);
    const wrong = names.find((name) => found[name]);
    if (!wrong) return submit(values);
    const field = form.elements.namedItem(wrong);
    if (field instanceof HTMLElement) field.focus();
  };
  const onInput = (event: FormEvent<HTMLFormElement>) => {
    const { name } = event.target as HTMLInputElement;
    if (errors[name as Name]) setErrors({ ...errors, [name]: undefined });
  };
  return { errors, form: { noValidate: true, onSubmit, onInput } };
}
