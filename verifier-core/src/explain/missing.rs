//! Rejections because something is missing: a field, function or map that this kernel or object does not have, or the type
//! of a map's values. What is missing is named; nothing here looks at values of registers.

use crate::btf::BtfKind;
use crate::code;
use crate::error::Errno;
use crate::program::record::{KernelTypes, StructMetas};
use crate::program::{MapSpec, Poison};

use super::suggest::{CORE_GUARD, Diagnosis, Facts, KSYM_GUARD, MAP_BTF, MAP_CREATE};

impl Facts<'_> {
    /// Why the loader made the failing instruction invalid.
    pub fn poison(&self) -> Option<&Poison> {
        self.request.poison_at(self.end).filter(|_| self.code == Some(code!(Call::InvalidFunc)))
    }

    /// The program needs something that this kernel does not have.
    pub fn poisoned(&self, why: &Poison, d: &mut Diagnosis) {
        let release = self.system.kernel.name;
        match why {
            Poison::Relocation(spec) => {
                let (_, what) = spec.split_once("] ").unwrap_or(("", spec));
                let what = what.split(" (").next().unwrap_or(what).split(" = ").next().unwrap_or(what);
                let guard = match what.split_once("::") {
                    Some((of, value)) => format!("bpf_core_enum_value_exists({of}, {value})"),
                    None => match what.split_once('.') {
                        Some((_, member)) => format!("bpf_core_field_exists(p->{member})"),
                        None => format!("bpf_core_type_exists({what})"),
                    },
                };
                d.say(
                    format!("Linux {release} has no `{what}`: the CO-RE relocation of this access cannot be resolved"),
                    format!("`{what}` is needed here"),
                );
                let text = format!(
                    "use it only where `{guard}` holds, and what this kernel has in its place otherwise (another flavour \
                     of the type: `…___old`)"
                );
                d.push(CORE_GUARD, text, Some(self.end));
            }
            Poison::Kfunc(name) => {
                d.say(
                    format!("Linux {release} has no kernel function `{name}` that fits, and its call can be reached"),
                    format!("`{name}` is called here"),
                );
                d.push(KSYM_GUARD, format!("call it only behind `if (bpf_ksym_exists({name}))`"), Some(self.end));
            }
            Poison::Map(name) => {
                d.say(
                    format!("the map `{name}` is not created, and code that uses it can be reached"),
                    format!("`{name}` is used here"),
                );
                d.push(MAP_CREATE, format!("create `{name}`, or guard this code with a constant in `.rodata`"), None);
            }
        }
    }

    /// What the kernel says when it refuses the BTF of the object for the special fields of its types. Loaders go on
    /// without BTF then.
    fn refused_types(&self) -> Option<Errno> {
        let system = self.system;
        let types = KernelTypes { kernel: &system.kernel, vmlinux: &system.vmlinux, modules: &system.modules };
        StructMetas::of(&types, self.request.btf.as_ref()?).err()
    }

    /// A special field in a map whose value has no type.
    pub fn without_btf(&self, map: &str, what: &str, d: &mut Diagnosis) {
        let spec = self.request.maps.iter().find(|m| m.name == map);
        let here = format!("{what} needs to know where it stands in the values of `{map}`");
        let (problem, text) = if self.request.btf.is_none() {
            (format!("map `{map}` has no BTF, because the object has none"), "build the object with `-g`".to_string())
        } else if let Some(errno) = self.refused_types() {
            let errno = errno.name();
            let several = spec.and_then(|m| two_of(m, what));
            let why = several.unwrap_or_else(|| "special fields of a type are not as the kernel takes them".into());
            (
                format!("the kernel refuses the object's types ({errno}), so that map `{map}` has none: {why}"),
                format!(
                    "make the type one that the kernel takes: at most one spin lock in a value, special fields aligned \
                     and not over one another; two {what} need two maps, or one that guards both"
                ),
            )
        } else if spec.is_some_and(|m| m.btf_refused) {
            (
                format!("the kernel refused the BTF of map `{map}`, so it was created without"),
                format!(
                    "make the type of its value one that the kernel takes: at most one spin lock, special fields at the \
                     top level and aligned, and a type of map that may hold {what}"
                ),
            )
        } else {
            let text = format!(
                "declare `{map}` with `__type(value, …)`, the struct that holds the {what}, in place of \
                 `__uint(value_size, …)`, and with `__type(key, …)`"
            );
            (format!("map `{map}` is declared without the type of its values"), text)
        };
        d.say(problem, here);
        d.push(MAP_BTF, text, None);
    }
}

/// Says so when the value of a map has several fields of a kind of which there may be one.
fn two_of(map: &MapSpec, what: &str) -> Option<String> {
    let btf = map.btf.as_ref()?;
    let value = btf.skip_modifiers(map.btf_value_type_id)?;
    let is = |id| btf.skip_modifiers(id).is_some_and(|t| t.kind == BtfKind::Struct && t.name() == what);
    let named: Vec<_> = value.members().filter(|m| is(m.type_id)).map(|m| format!("`{}`", m.name())).collect();
    let all = named.join(" and ");
    (named.len() > 1).then(|| format!("{all} of `struct {}` are both a {what}, and it may hold one", value.name()))
}
