import { lazy, Suspense, type ComponentType, type ReactNode } from 'react';

/**
 * Returns a component whose file is loaded when it is first shown: a drawer or dialog that the page around it does
 * without. While it loads, something else can
 * stand in its place.
 */
export function later<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  meanwhile?: ReactNode,
): ComponentType<Props> {
  // What is loaded takes the same properties, which the type of `lazy` cannot say of all of them.
  const Loaded = lazy(async () => ({ default: await load() })) as unknown as ComponentType<Props>;
  return function Later(props: Props) {
    return (
      <Suspense fallback={meanwhile}>
        <Loaded {...props} />
      </Suspense>
    );
  };
}
