// What a page does in the browser itself: small, without a circuit, and a page still works if none of it runs.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The viewer's time zone, so that the server can write times as the viewer reads clocks. */
export const viewerZone = () => zone;

document.cookie = `zone=${encodeURIComponent(zone)};path=/;max-age=31536000;samesite=lax`;

/** Puts what a form has by now into the address, for sharing and for loading the page again. */
export const keepAddress = address => history.replaceState(history.state, '', address);

/** Opens a dialog over the page; the Escape key closes it and tells the component. */
export function showDialog(element, component) {
  if (!element.open) {
    element.showModal();
  }

  element.oncancel = event => {
    event.preventDefault();
    component.invokeMethodAsync('CancelAsync');
  };
}

// A connection that the server no longer knows cannot be resumed: the page is loaded again.
const reconnect = document.getElementById('components-reconnect-modal');
if (reconnect) {
  new MutationObserver(() => {
    if (reconnect.classList.contains('components-reconnect-rejected')) {
      location.reload();
    }
  }).observe(reconnect, { attributes: true, attributeFilter: ['class'] });
}

document.addEventListener('click', event => {
  const target = event.target.closest('a, button');
  if (!target) {
    return;
  }

  if (target.matches('.skip')) {
    event.preventDefault();
    document.getElementById('content')?.focus();
  } else if (target.matches('[data-copy]')) {
    copy(target);
  } else if (target.matches('[data-reload]')) {
    location.reload();
  } else if (target.matches('a')) {
    target.closest('[popover]:popover-open')?.hidePopover();
  }
});

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  const label = button.querySelector('[data-copy-label]');
  if (label && !label.dataset.before) {
    label.dataset.before = label.textContent;
    label.textContent = 'Copied';
    setTimeout(() => {
      label.textContent = label.dataset.before;
      delete label.dataset.before;
    }, 2000);
  }
}

// The command palette: a combobox over a list that the server wrote. What is chosen is a link, or a button elsewhere on the page.
const palette = () => document.getElementById('palette');

document.addEventListener('keydown', event => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k' && palette()) {
    event.preventDefault();
    openPalette();
  } else if (event.target.matches?.('#palette [role=combobox]') && ['ArrowDown', 'ArrowUp', 'Enter'].includes(event.key)) {
    event.preventDefault();
    const options = matchesOf(palette());
    const at = options.findIndex(option => option.ariaSelected === 'true');
    if (event.key === 'Enter') {
      take(options[at]);
    } else {
      choose(options.at((at + (event.key === 'ArrowDown' ? 1 : -1)) % options.length));
    }
  }
});

document.addEventListener('input', event => {
  if (event.target.matches('#palette [role=combobox]')) {
    narrow();
  }
});

document.addEventListener('click', event => {
  if (event.target.closest('[data-palette]')) {
    openPalette();
  } else if (event.target === palette()) {
    palette().close();
  } else {
    take(event.target.closest('#palette [role=option]'));
  }
});

const matchesOf = dialog => [...dialog.querySelectorAll('[role=option]:not([hidden])')];

function openPalette() {
  document.querySelector('[popover]:popover-open')?.hidePopover();
  const dialog = palette();
  dialog.querySelector('[role=combobox]').value = '';
  if (!dialog.open) {
    dialog.showModal();
  }

  narrow();
}

function narrow() {
  const dialog = palette();
  const words = dialog.querySelector('[role=combobox]').value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const group of dialog.querySelectorAll('[role=group]')) {
    for (const option of group.querySelectorAll('[role=option]')) {
      const text = `${option.textContent} ${option.dataset.words ?? ''}`.toLowerCase();
      option.hidden = !words.every(word => text.includes(word));
    }

    group.hidden = !group.querySelector('[role=option]:not([hidden])');
  }

  const options = matchesOf(dialog);
  dialog.querySelector('[data-palette-none]').hidden = options.length > 0;
  dialog.querySelector('[data-palette-said]').textContent = options.length === 1 ? '1 match' : `${options.length} matches`;
  choose(options[0]);
}

function choose(option) {
  const dialog = palette();
  for (const other of dialog.querySelectorAll('[role=option]')) {
    other.ariaSelected = String(other === option);
  }

  dialog.querySelector('[role=combobox]').setAttribute('aria-activedescendant', option?.id ?? '');
  option?.scrollIntoView({ block: 'nearest' });
}

function take(option) {
  if (!option) {
    return;
  }

  palette().close();
  if (option.dataset.press) {
    document.querySelector(option.dataset.press)?.click();
  } else {
    // A link, so that live pages go there as they go by any other.
    const link = document.createElement('a');
    link.href = option.dataset.href;
    document.querySelector('main').append(link);
    link.click();
    link.remove();
  }
}

// The theme changes at once; the server remembers it, and does the same alone where scripts do not run.
document.addEventListener('submit', async event => {
  const form = event.target;
  if (form.matches('[data-theme-form]') && event.submitter) {
    event.preventDefault();
    const body = new FormData(form, event.submitter);
    const chosen = body.get('theme');
    document.documentElement.dataset.theme = chosen;
    for (const button of document.querySelectorAll('[data-theme-form] button')) {
      button.setAttribute('aria-pressed', String(button.value === chosen));
    }

    await fetch(form.action, { method: 'POST', body, redirect: 'manual' });
  }
});

// A page stands there before its circuit answers. What is typed, opened and pressed until then is kept, and done once the page comes alive:
// the circuit writes every element anew, so that an element is known by its way from the nearest ancestor with an id.
const wakesSoon = () => document.body.hasAttribute('data-wakes') && !document.querySelector('[data-live]');
const patience = 15000;

if (wakesSoon()) {
  const typed = new Map();
  const opened = new Map();
  const pressed = new Map();
  let focused = [];

  const keepTyped = event => {
    if (event.target.matches('input:not([type=file]), select, textarea')) {
      const { value, checked } = event.target;
      typed.set(wayTo(event.target), { value, checked });
    }
  };
  const keepOpened = event => {
    if (event.target.matches('details')) {
      opened.set(wayTo(event.target), event.target.open);
    }
  };
  const keepPress = event => {
    // Links, forms that say how they are sent, and the buttons this script minds itself work as they are.
    const button = event.target.closest?.('button');
    if (button && !button.disabled && !button.matches('[popovertarget], [data-copy], [data-reload], [data-palette], #palette *') && !(button.type === 'submit' && button.form)) {
      hold(button, element => element.click());
    }
  };
  const keepSubmit = event => {
    if (event.target.matches('form:not([method])')) {
      event.preventDefault();
      hold(event.submitter ?? event.target, element => (element.form ?? element).requestSubmit());
    }
  };
  const keepFocus = () => {
    const element = document.activeElement;
    if (element && element !== document.body) {
      focused = [wayTo(element), element.selectionStart ?? null, element.selectionEnd ?? null];
    }
  };
  const hold = (element, act) => {
    pressed.set(wayTo(element), { element, act, text: element.textContent });
    element.setAttribute('aria-busy', 'true');
  };

  const listeners = { input: keepTyped, toggle: keepOpened, click: keepPress, submit: keepSubmit, focusin: keepFocus, selectionchange: keepFocus };
  for (const [type, listener] of Object.entries(listeners)) {
    document.addEventListener(type, listener, true);
  }

  const watch = new MutationObserver(() => {
    if (!wakesSoon()) {
      end();
      for (const [way, open] of opened) {
        ifThere(way, element => { element.open = open; });
      }

      for (const [way, { value, checked }] of typed) {
        ifThere(way, element => {
          if (element.value !== value || element.checked !== checked) {
            Object.assign(element, { value, checked });
            element.dispatchEvent(new Event('input', { bubbles: true }));
            element.dispatchEvent(new Event('change', { bubbles: true }));
          }
        });
      }

      const [way, from, to] = focused;
      ifThere(way, element => {
        element.focus({ preventScroll: true });
        if (from !== null) {
          element.setSelectionRange(from, to);
        }
      });
      for (const [way, { act, text }] of pressed) {
        ifThere(way, element => {
          if (element.textContent === text) {
            act(element);
          }
        });
      }
    }
  });
  watch.observe(document.body, { childList: true, subtree: true, attributeFilter: ['data-live'] });
  const giveUp = setTimeout(end, patience);

  function end() {
    watch.disconnect();
    clearTimeout(giveUp);
    for (const [type, listener] of Object.entries(listeners)) {
      document.removeEventListener(type, listener, true);
    }

    for (const { element } of pressed.values()) {
      element.removeAttribute('aria-busy');
    }
  }

  function ifThere(way, act) {
    const element = way && document.querySelector(way);
    if (element) {
      act(element);
    }
  }
}

/** A selector for an element that another writing of the same page also answers. */
function wayTo(element) {
  const steps = [];
  for (let at = element; at && at !== document.documentElement; at = at.parentElement) {
    if (at.id) {
      steps.unshift(`#${CSS.escape(at.id)}`);
      break;
    }

    const among = [...at.parentElement.children].filter(other => other.localName === at.localName);
    steps.unshift(`${at.localName}:nth-of-type(${among.indexOf(at) + 1})`);
  }

  return steps.join(' > ');
}
