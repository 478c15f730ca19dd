CREATE OR REPLACE FUNCTION public.frozen_columns()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  RAISE EXCEPTION '% % is frozen', TG_TABLE_NAME, OLD.id USING ERRCODE = 'check_violation';
END $function$;

CREATE TRIGGER attempt_frozen BEFORE UPDATE OF exam_id, person_id, number, paper_id, items, started_at, base_deadline, percent ON public.attempt FOR EACH ROW EXECUTE FUNCTION frozen_columns();

CREATE TRIGGER paper_frozen BEFORE UPDATE OF exam_id, assembly_id, number, version_ids, orders, expected, hash ON public.paper FOR EACH ROW EXECUTE FUNCTION frozen_columns();
