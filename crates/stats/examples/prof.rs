use std::time::Instant;
use stats::cli::Spec; use stats::table::Table; use stats::mmrm::*;
fn main(){
  let name=std::env::args().nth(1).unwrap(); let n:usize=std::env::args().nth(2).unwrap().parse().unwrap();
  let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/mmrm");
  let spec = Spec::parse(&std::fs::read_to_string(format!("{folder}/{name}.json")).unwrap()).unwrap();
  let table = Table::from_csv(&std::fs::read_to_string(format!("{folder}/{}", spec.data)).unwrap()).unwrap();
  let model=spec.model().unwrap();
  let t=Instant::now();
  for _ in 0..n { let f=Fit::new(&table,&model).unwrap(); let i=f.inference(DfMethod::KenwardRoger,Vcov::KenwardRogerLinear).unwrap(); std::hint::black_box(i.coefficients()); }
  println!("{:?}",t.elapsed()/n as u32);
}
